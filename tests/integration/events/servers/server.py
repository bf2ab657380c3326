"""What the tests of every broker need of its server."""

from __future__ import annotations

import socket
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ramet.events.brokers import Broker, connect
from tests.conftest import eventually

TYPE = "shop.orders.Placed.v1"


class Server(ABC):
    """One server process, always at the same address."""

    name: str
    survives = True
    """Whether this server still has what it acknowledged after SIGKILL."""
    too_large = 17 * 1024 * 1024
    """Bytes of a message that it does not take."""

    url: str
    """With the password."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def start(self) -> None:
        """Start, and return when it can be used."""

    @abstractmethod
    def put(self, broker: Broker, body: bytes, type_name: str = TYPE) -> None:
        """Send what another program might send to a system's events."""

    @contextmanager
    def refusing(self) -> Iterator[str]:
        """The URL of such a server with a wrong password, `wrong`."""
        yield self.url.replace("secret", "wrong")

    def settle(self) -> None:  # noqa: B027  most servers put nothing off
        """Do at once what the server does by itself a while after it was asked for something."""

    def kill(self) -> None:
        """SIGKILL, as when the machine goes."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def end(self) -> None:
        """Leave nothing behind."""
        self.kill()

    def connect(self, system: str, name: str = "test", url: str = "") -> Broker:
        """A connection as a worker makes it."""
        return connect(url or self.url, system, instance=name, keeps_days=1)

    def spawn(self, *command: str | Path, env: dict[str, str] | None = None) -> None:
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env=env)


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 0.2).close()
    except OSError:
        return False
    return True


def await_port(port: int, within: float = 10) -> None:
    eventually(lambda: listens(port), within=within, what=f"a server listens on {port}")
