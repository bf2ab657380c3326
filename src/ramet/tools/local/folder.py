"""Where the local system keeps what: `.ramet` beside `ramet.toml`, and a folder for sockets."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from ramet.errors import DiagnosticError, Mistake
from ramet.tools.local import account


@dataclass(frozen=True, slots=True)
class Folder:
    """The folders of the system whose `ramet.toml` is in `root`; nothing exists before `make`."""

    root: Path

    @property
    def path(self) -> Path:
        """`.ramet`, mode 0700."""
        return self.root / ".ramet"

    @property
    def run(self) -> Path:
        """Sockets: in the system's temporary folder, because a socket's path has 107 bytes at most.

        The name follows from the checkout's path and the user, so that two checkouts do not meet
        and every command finds it.
        """
        digest = hashlib.sha256(f"{self.root}\0{os.getuid()}".encode()).hexdigest()[:10]
        # Not TMPDIR: on macOS and under test runners it is long.
        base = Path("/tmp") if Path("/tmp").is_dir() else Path(tempfile.gettempdir())  # noqa: S108
        return base / f"ramet-{digest}"

    @property
    def state(self) -> Path:
        """What runs, as JSON; see `state`."""
        return self.path / "state.json"

    @property
    def control(self) -> Path:
        """The socket on which a running supervisor takes commands."""
        return self.run / "control.sock"

    @property
    def ratelimit(self) -> Path:
        """The socket on which the gateway asks the rate limiter, where there is one."""
        return self.run / "ratelimit.sock"

    @property
    def logs(self) -> Path:
        """One file per process."""
        return self.path / "log"

    @property
    def secrets(self) -> Path:
        """Keys and passwords, each in a file of mode 0600."""
        return self.path / "secrets"

    @property
    def dashboard_token(self) -> Path:
        """What the dashboard asks for."""
        return self.secrets / "dashboard-token"

    @property
    def certificates(self) -> Path:
        """A folder for each service with its certificate and key; see `certificates`."""
        return self.secrets / "certificates"

    @property
    def public_certificate(self) -> Path:
        """The folder of the gateway's certificate for browsers, where it is a local one."""
        return self.secrets / "public"

    @property
    def mail(self) -> Path:
        """Mails that the services sent, as files."""
        return self.path / "mail"

    @property
    def envoy(self) -> Path:
        """Envoy's configuration."""
        return self.path / "envoy"

    @property
    def nats(self) -> Path:
        """The broker's streams."""
        return self.path / "nats"

    @property
    def postgres(self) -> Path:
        """The databases; as root a symbolic link, see `account`."""
        return self.path / "postgres"

    @property
    def celery(self) -> Path:
        """Celery's queues, a folder per group."""
        return self.path / "celery"

    @property
    def migrated(self) -> Path:
        """Per database the fingerprint of what was migrated last."""
        return self.path / "migrated.json"

    def make(self) -> None:
        """Create all folders. Raises DiagnosticError when another user's folder is in the way."""
        self.path.mkdir(mode=0o700, exist_ok=True)
        self.path.chmod(0o700)
        ignore = self.path / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")
        for folder in (self.logs, self.secrets, self.mail, self.envoy, self.celery):
            folder.mkdir(mode=0o700, exist_ok=True)
        # Envoy would make it for everybody to read.
        (self.logs / "access.log").touch(mode=0o600)
        self.run.mkdir(mode=0o700, exist_ok=True)
        found = self.run.lstat()
        # /tmp is everybody's: somebody could have made this folder, or a link, to read our sockets.
        if found.st_uid != os.getuid() or self.run.is_symlink():
            raise DiagnosticError(
                Mistake(
                    reference="foreign-run-folder",
                    where=str(self.run),
                    found=f"a folder of the user with id {found.st_uid}",
                    expected="our own folder for sockets",
                    remedy=f"remove {self.run}",
                )
            )
        self.run.chmod(0o700)

    def forget(self) -> None:
        """Delete all data for a fresh start; keys and demo passwords stay."""
        account.remove(self.postgres)
        for folder in (self.nats, self.celery, self.mail, self.logs, self.envoy):
            shutil.rmtree(folder, ignore_errors=True)
        self.migrated.unlink(missing_ok=True)
        for file in self.path.glob("telemetry.sqlite3*"):  # the dashboard's, with its journal
            file.unlink(missing_ok=True)

    def clear_run(self) -> None:
        """Remove the sockets' folder and what is in it."""
        if not self.run.is_symlink() and self.run.is_dir():
            shutil.rmtree(self.run, ignore_errors=True)
