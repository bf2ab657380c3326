"""The embedded broker: one NATS server with JetStream, for this system only.

It listens on loopback with a password, and flushes every acknowledged message to disk: the server's
default is every two minutes, and an acknowledgement that a crash can take back is worth nothing.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
from pathlib import Path

from ramet.tools.local import binaries, child, ports
from ramet.tools.local.files import write_private

USER = "ramet"


class Nats:
    """A NATS server whose streams live in `folder`, and whose output goes to `log`.

    The port is chosen when the object is made and kept over restarts, because the services know it.
    """

    def __init__(self, folder: Path, log: Path) -> None:
        self.folder = folder.absolute()
        self.log = log
        self.port = ports.unused()
        self.process: subprocess.Popen[bytes] | None = None
        self._password = secrets.token_urlsafe(24)

    @property
    def url(self) -> str:
        """Address and credentials: `nats://user:password@127.0.0.1:port`."""
        return f"nats://{USER}:{self._password}@127.0.0.1:{self.port}"

    def launch(self) -> None:
        """Start the server process without waiting; see `is_ready`."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        configuration = self.folder / "nats.conf"
        write_private(configuration, self._configuration())
        self.process = child.spawn(
            [binaries.nats(), "--config", configuration],
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
                "authorization": {"users": [{"user": USER, "password": self._password}]},
                "max_payload": 1024 * 1024,
                "logtime_utc": True,
            },
            indent=2,
        )
