"""The embedded broker: one NATS server with JetStream, for this system only.

It listens on loopback. Each group of services has a user and a password of its own, with rights to
what its code shows that it needs; the one user with all rights is for people and tests. It flushes
every acknowledged message to disk: the server's default is every two minutes, and an
acknowledgement that a crash can take back is worth nothing.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ramet.tools.local import binaries, child, ports
from ramet.tools.local.broker_rights import Rights
from ramet.tools.local.files import write_private

USER = "ramet"


class Nats:
    """A NATS server whose streams live in `folder`, and whose output goes to `log`.

    `rights` tells those of each user as the code is now, by the user's name; see `renew_rights`.
    The port is chosen when the object is made and kept over restarts, because the services know it.
    """

    def __init__(
        self, folder: Path, log: Path, rights: Callable[[], Mapping[str, Rights]] = dict
    ) -> None:
        self.folder = folder.absolute()
        self.log = log
        self.port = ports.unused()
        self.process: subprocess.Popen[bytes] | None = None
        self._ask_for_rights = rights
        self._passwords: dict[str, str] = {}
        self._written = ""

    @property
    def address(self) -> str:
        """Where clients find it: `127.0.0.1:port`."""
        return f"127.0.0.1:{self.port}"

    def url(self, user: str = USER) -> str:
        """Address and credentials of a user: `nats://user:password@127.0.0.1:port`."""
        return f"nats://{user}:{self._password(user)}@{self.address}"

    def renew_rights(self) -> None:
        """Give each user the rights that the code shows now; connections that are open stay."""
        if self._configuration() != self._written and self.process is not None:
            self._write()
            self.process.send_signal(signal.SIGHUP)  # it reads its configuration anew

    def launch(self) -> None:
        """Start the server process without waiting; see `is_ready`."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.process = child.spawn(
            [binaries.nats(), "--config", self._write()],
            self.log,
            cwd=self.folder,
            env={"PATH": os.defpath, "HOME": str(self.folder), "GOMEMLIMIT": "64MiB"},
            death_signal=signal.SIGTERM,
        )

    def is_ready(self) -> bool:
        """Whether it accepts connections and JetStream is on (both are in its greeting)."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                greeting = connection.makefile("rb").readline()
        except OSError:
            return False
        if not greeting.startswith(b"INFO "):
            return False
        return bool(json.loads(greeting[5:]).get("jetstream"))

    def stop(self, *, timeout: float = 10.0) -> None:
        """End the server in order."""
        if self.process is not None:
            child.stop(self.process, signal.SIGTERM, timeout=timeout)
            self.process = None

    def _password(self, user: str) -> str:
        return self._passwords.setdefault(user, secrets.token_urlsafe(24))

    def _write(self) -> Path:
        path = self.folder / "nats.conf"
        self._written = self._configuration()
        write_private(path, self._written)
        return path

    def _users(self) -> list[dict[str, Any]]:
        users: list[dict[str, Any]] = [{"user": USER, "password": self._password(USER)}]
        for name, rights in self._ask_for_rights().items():
            password = self._password(name)
            users.append({"user": name, "password": password, "permissions": rights.as_json()})
        return users

    def _configuration(self) -> str:
        # JSON is valid in NATS's own syntax, and quotes what needs quotes.
        return json.dumps(
            {
                "server_name": "ramet",
                "listen": f"127.0.0.1:{self.port}",
                "jetstream": {
                    "store_dir": str(self.folder / "jetstream"),
                    "sync_interval": "always",
                    "max_memory_store": 64 * 1024 * 1024,
                    "max_file_store": 4 * 1024 * 1024 * 1024,
                },
                "authorization": {"users": self._users()},
                "max_payload": 1024 * 1024,
                "logtime_utc": True,
            },
            indent=2,
        )
