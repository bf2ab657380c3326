"""The embedded PostgreSQL: one server for the local system, a database and a role per service.

It listens on a Unix socket only, with scram passwords, and never runs as root. Settings are small
(it serves one developer), but `fsync` stays on: a `kill -9` test means something only then.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from ramet.errors import DiagnosticError, Mistake
from ramet.tools.local import account as accounts
from ramet.tools.local import binaries, child

SUPERUSER = "ramet"
_PORT = 5432
_START_SECONDS = 30.0
_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}\Z")

# Small, because five idle services should leave room for an editor and a browser.
_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0777",  # the folder around it is closed; a password is asked too
    "password_encryption": "scram-sha-256",
    "max_connections": "200",
    "shared_buffers": "32MB",
    "io_method": "sync",  # worker processes for reading ahead are of no use here
    "max_worker_processes": "4",
    "max_parallel_workers": "2",
    "autovacuum_max_workers": "1",
    "autovacuum_worker_slots": "2",
    "max_wal_size": "256MB",
    "jit": "off",
    "fsync": "on",
    "log_min_messages": "warning",
    "log_timezone": "UTC",
    "timezone": "UTC",
}


class Postgres:
    """A PostgreSQL server of our own in `data_dir`, with its socket in `socket_dir`.

    As root, `data_dir` becomes a symbolic link to a folder of an unprivileged account, and the
    socket lives there too: read `socket_dir` after construction. `log` gets the server's output.
    """

    def __init__(self, data_dir: Path, socket_dir: Path, log: Path) -> None:
        self._account = accounts.unprivileged()
        self._link = data_dir.absolute()
        self.home = accounts.home(self._link, self._account)
        self.socket_dir = self.home / "run" if self._account else socket_dir.absolute()
        self.log = log
        self.process: subprocess.Popen[bytes] | None = None
        self._cluster = self.home / "data"
        self._install = accounts.reachable_copy(binaries.postgres(), self._account)
        self._secret = self._read_secret()
        if len(os.fsencode(self.socket_path)) > 107:  # sun_path of unix(7)
            raise DiagnosticError(
                Mistake(
                    reference="socket-path-too-long",
                    where=str(self.socket_dir),
                    found=f"a path of {len(os.fsencode(self.socket_path))} bytes",
                    expected="at most 107 bytes, the limit for a Unix socket",
                    remedy="use a shorter folder, such as one under /tmp",
                )
            )

    @property
    def socket_path(self) -> Path:
        """The Unix socket that clients connect to."""
        return self.socket_dir / f".s.PGSQL.{_PORT}"

    def url(self, database: str, role: str | None = None) -> str:
        """The URL of `database` for `role` (its owner unless stated); the server need not run."""
        role = role or database
        folder = quote(str(self.socket_dir), safe="/")
        return f"postgresql://{quote(role)}:{self._password(role)}@/{quote(database)}?host={folder}"

    @property
    def superuser_url(self) -> str:
        """The URL of the maintenance database for the superuser."""
        return self.url("postgres", SUPERUSER)

    def start(self, *, timeout: float = _START_SECONDS) -> None:
        """Create the cluster if there is none, start the server, return when it can be used.

        A server left by a killed supervisor is ended first. Raises DiagnosticError with the last
        lines of the log if it does not come up within `timeout` seconds.
        """
        self.launch()
        deadline = time.monotonic() + timeout
        while not self.is_ready():
            if self.process is None or self.process.poll() is not None:
                # After a kill -9 of the postmaster its children may hold the shared memory for a
                # moment; the server then refuses to start. Only time helps.
                if "shared memory block" in child.last_lines(self.log) and (
                    time.monotonic() < deadline
                ):
                    time.sleep(0.2)
                    self.launch()
                    continue
                raise self._failed("it ended at once")
            if time.monotonic() > deadline:
                self.stop()
                raise self._failed(f"it accepted no connection within {timeout:g} seconds")
            time.sleep(0.01)

    def launch(self) -> None:
        """Start the server process without waiting; see `is_ready`."""
        self._make_folders()
        if not self._cluster.exists():
            self._create_cluster()
        self._end_leftover()
        command: list[str | Path] = [self._install / "bin" / "postgres", "-D", self._cluster]
        settings = {**_SETTINGS, "unix_socket_directories": str(self.socket_dir)}
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        self.process = child.spawn(
            command,
            self.log,
            account=self._account,
            cwd=self.home,
            env=self._environment(),
            death_signal=signal.SIGINT,  # "fast" shutdown: it ends sessions and writes a checkpoint
        )

    def is_ready(self) -> bool:
        """Whether our server accepts connections: what `pg_ctl --wait` reads, without a process."""
        if self.process is None or self.process.poll() is not None:
            return False
        lines = self._pid_file()
        # Line 1 is the pid, line 8 the state (miscadmin.h, LOCK_FILE_LINE_PM_STATUS).
        return (
            len(lines) >= 8
            and lines[0].strip() == str(self.process.pid)
            and lines[7].strip() == "ready"
        )

    def stop(self, *, timeout: float = 10.0) -> None:
        """End the server: sessions are cut, nothing committed is lost, the socket is removed."""
        if self.process is not None:
            child.stop(self.process, signal.SIGINT, timeout=timeout)
            self.process = None

    def destroy(self) -> None:
        """End the server and delete every database with it, for a fresh start and for tests."""
        self.stop()
        accounts.remove(self._link)

    def create_database(self, name: str, role: str | None = None) -> str:
        """Create `name` and the login role that owns it (of the same name unless stated).

        The role may connect to this database only. Returns the URL for the role; a database that is
        there already is kept.
        """
        return self.create_databases([name], role=role)[name]

    def create_databases(self, names: Sequence[str], *, role: str | None = None) -> dict[str, str]:
        """`create_database` for several over one connection; `role` owns all of them if stated."""
        # Imported here: the supervisor needs it for this moment only.
        import psycopg
        from psycopg import sql

        with psycopg.connect(self.superuser_url, autocommit=True) as connection:
            for name in names:
                owner = role or name
                for identifier in (name, owner):
                    if not _NAME.match(identifier):
                        raise ValueError(f"{identifier!r} is no plain lower-case PostgreSQL name")
                found = connection.execute(
                    "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = %s),"
                    " EXISTS (SELECT FROM pg_database WHERE datname = %s)",
                    [owner, name],
                ).fetchone()
                has_role, has_database = found or (False, False)
                if not has_role:
                    # What the server stores, made here: a statement that fails is in its log.
                    verifier = connection.pgconn.encrypt_password(
                        self._password(owner).encode(), owner.encode(), b"scram-sha-256"
                    )
                    connection.execute(
                        sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(
                            sql.Identifier(owner), sql.Literal(verifier.decode())
                        )
                    )
                if not has_database:
                    connection.execute(
                        sql.SQL("CREATE DATABASE {} OWNER {}").format(
                            sql.Identifier(name), sql.Identifier(owner)
                        )
                    )
                # The default grants CONNECT to everybody; the owner keeps its own right. Repeated
                # each time, because a crash may have come between the two statements.
                connection.execute(
                    sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(name))
                )
        return {name: self.url(name, role) for name in names}

    def _make_folders(self) -> None:
        self.socket_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self._account:
            os.chown(self.socket_dir, self._account.uid, self._account.gid)

    def _create_cluster(self) -> None:
        """Made beside its place and put there when it is whole: a kill half-way leaves nothing."""
        made = self._cluster.with_name("data.new")
        shutil.rmtree(made, ignore_errors=True)
        self._initialise(made)
        self._lock_out_public(made)
        made.rename(self._cluster)

    def _initialise(self, cluster: Path) -> None:
        # initdb reads the password from a real file only, and it must be the account's.
        with tempfile.NamedTemporaryFile("w", dir=self.home, suffix=".pw") as password:
            password.write(self._password(SUPERUSER))
            password.flush()
            if self._account:
                os.chown(password.name, self._account.uid, self._account.gid)
            command: list[str | Path] = [
                self._install / "bin" / "initdb",
                *("-D", cluster),
                *("--username", SUPERUSER),
                *("--pwfile", password.name),
                *("--auth", "scram-sha-256"),
                *("--encoding", "UTF8"),
                *("--locale-provider", "builtin"),
                *("--builtin-locale", "C.UTF-8"),
                *("--locale", "C"),
                "--no-instructions",
            ]
            process = child.spawn(
                command,
                self.log,
                account=self._account,
                cwd=self.home,
                env=self._environment(),
            )
            if process.wait(timeout=120) != 0:
                raise self._failed("initdb failed")

    def _lock_out_public(self, cluster: Path) -> None:
        """No service's role may connect to the maintenance databases either (single-user mode)."""
        binary = self._install / "bin" / "postgres"
        command: list[str | Path] = [binary, "--single", "-D", cluster, "postgres"]
        done = subprocess.run(
            command,
            input="REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC;\n",
            capture_output=True,
            text=True,
            cwd=self.home,
            env=self._environment(),
            user=self._account.uid if self._account else None,
            group=self._account.gid if self._account else None,
            extra_groups=[] if self._account else None,
            check=False,
        )
        if done.returncode != 0 or "ERROR" in done.stderr:
            with self.log.open("a") as log:
                log.write(done.stderr)
            raise self._failed("the new cluster could not be prepared")

    def _end_leftover(self) -> None:
        """End a server that still runs in our cluster, and forget one that is gone.

        The pid in the file may by now belong to somebody else; PostgreSQL would then refuse to
        start. So the file counts only if that process is a server with our cluster as its folder.
        """
        lines = self._pid_file()
        if not lines or not lines[0].strip().isdigit():
            return
        pid = int(lines[0])
        deadline = time.monotonic() + 15
        while self._is_our_server(pid):
            if time.monotonic() > deadline:
                os.kill(pid, signal.SIGQUIT)  # "immediate" shutdown: recovery on the next start
                time.sleep(0.5)
                break
            os.kill(pid, signal.SIGINT)
            time.sleep(0.1)
        (self._cluster / "postmaster.pid").unlink(missing_ok=True)

    def _is_our_server(self, pid: int) -> bool:
        import psutil

        try:
            process = psutil.Process(pid)
            return (
                process.status() != psutil.STATUS_ZOMBIE
                and Path(process.cwd()).resolve() == self._cluster.resolve()
            )
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            return False

    def _pid_file(self) -> list[str]:
        try:
            return (self._cluster / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return []

    def _read_secret(self) -> bytes:
        """The cluster's secret, from which every role's password is derived."""
        path = self.home / "secret"
        if not path.exists():
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(secrets.token_hex(32).encode())
        return path.read_bytes()

    def _password(self, role: str) -> str:
        return hmac.new(self._secret, role.encode(), hashlib.sha256).hexdigest()[:40]

    def _environment(self) -> dict[str, str]:
        # Nothing of ours: PGDATA, PGPORT or a locale from the caller would change the server.
        return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}

    def _failed(self, found: str) -> DiagnosticError:
        lines = child.last_lines(self.log)
        return DiagnosticError(
            Mistake(
                reference="postgres-did-not-start",
                where=str(self.log),
                found=f"{found}\n{lines}" if lines else found,
                expected="an embedded PostgreSQL that accepts connections",
                remedy="read the lines above; `ramet up --fresh` starts over with empty databases",
            )
        )
