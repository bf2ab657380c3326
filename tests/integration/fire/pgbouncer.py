"""A PgBouncer in transaction mode in front of the tests' PostgreSQL.

https://www.pgbouncer.org/config.html
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from ramet.tools.local import ports
from ramet.tools.local.account import unprivileged
from tests.conftest import eventually

POOL = 4
"""Server connections that all clients share: fewer than one worker has threads."""


class PgBouncer:
    """Listens on loopback; `url` names the database of `database_url` through it."""

    def __init__(self, database_url: str, folder: Path) -> None:
        parts = urlsplit(database_url)
        name, user = parts.path.removeprefix("/"), unquote(parts.username or "")
        password = unquote(parts.password or "")
        self.port = ports.unused()
        self.url = f"postgresql://{parts.username}:{parts.password}@127.0.0.1:{self.port}/{name}"
        self._log = folder / "pgbouncer.log"
        self._config = folder / "pgbouncer.ini"
        host = parse_qs(parts.query)["host"][0]
        self._config.write_text(
            f"[databases]\n{name} = host={host} user={user} password={password}\n"
            "[pgbouncer]\nlisten_addr = 127.0.0.1\nunix_socket_dir =\nauth_type = any\n"
            f"listen_port = {self.port}\npool_mode = transaction\ndefault_pool_size = {POOL}\n"
        )
        self._process: subprocess.Popen[bytes] | None = None

    @staticmethod
    def binary() -> str | None:
        """Where Debian and others put it; it is not always on the path."""
        return shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")

    def start(self) -> None:
        account = unprivileged()  # it refuses root
        command = [str(self.binary()), "--quiet", str(self._config)]
        if account is not None:
            command[1:1] = ["--user", account.name]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        eventually(self._answers, what=f"PgBouncer listens: {self._log.read_text()}")

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 0.2).close()
        except OSError:
            return False
        return True
