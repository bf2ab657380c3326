"""Where and as whom PostgreSQL runs: it refuses root, and another account cannot reach our files.

An ordinary user runs it as itself, beside the rest of `.ramet`. Root runs it as an unprivileged
account, whose data then live under `/var/lib/ramet/<random id>`, because `.ramet` is closed to it.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path

from ramet.errors import DiagnosticError, Mistake

_CANDIDATES = ("ramet", "pgserver", "postgres", "nobody")
SHARED = Path("/var/lib/ramet")
"""Where root keeps what another account must reach."""


@dataclass(frozen=True, slots=True)
class Account:
    """A system account without rights of its own."""

    name: str
    uid: int
    gid: int

    def can_reach(self, path: Path) -> bool:
        """Whether it may enter every folder on the way to `path`, and read and execute `path`."""
        steps = [(parent, stat.S_IXOTH) for parent in path.resolve().parents]
        steps.append((path.resolve(), stat.S_IROTH | stat.S_IXOTH))
        for step, others in steps:
            found = step.stat()
            needed = others
            if found.st_uid == self.uid:
                needed = others << 6
            elif found.st_gid == self.gid:
                needed = others << 3
            if found.st_mode & needed != needed:
                return False
        return True


def unprivileged() -> Account | None:
    """The account that PostgreSQL must run as; None when this process is not root."""
    if os.geteuid() != 0:
        return None
    for name in _CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    raise DiagnosticError(
        Mistake(
            reference="no-unprivileged-account",
            where="PostgreSQL",
            found=f"root, and none of the accounts {', '.join(_CANDIDATES)}",
            expected="an account without rights, because PostgreSQL refuses to run as root",
            remedy="run `useradd --system ramet`, or run ramet as an ordinary user",
        )
    )


def home(link: Path, account: Account | None) -> Path:
    """The folder that holds the cluster: `link` itself, or, for an account, what `link` points to.

    Creates it. As root, `link` becomes a symbolic link to a folder that the account owns.
    """
    if account is None:
        link.mkdir(mode=0o700, parents=True, exist_ok=True)
        return link
    if link.is_symlink():
        target = link.readlink()
    elif link.exists():
        target = link  # made by an ordinary user before; hand it over only if it can be reached
        if not account.can_reach(link.parent):
            raise DiagnosticError(
                Mistake(
                    reference="postgres-owned-by-another-user",
                    where=str(link),
                    found="a cluster that an ordinary user made",
                    expected=f"one that the account {account.name!r} can reach, as we are root",
                    remedy="run ramet as that user, or start over with `ramet up --fresh`",
                )
            )
    else:
        link.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        target = SHARED / secrets.token_hex(4)
        link.symlink_to(target)
    SHARED.mkdir(mode=0o755, parents=True, exist_ok=True)
    target.mkdir(mode=0o700, exist_ok=True)
    os.chown(target, account.uid, account.gid)
    return target


def remove(link: Path) -> None:
    """Delete the cluster's folder, and what `link` points to if `home` made it."""
    if link.is_symlink():
        target = link.readlink()
        # Only ever delete below our own folder: the link may have been edited.
        if target.parent == SHARED:
            shutil.rmtree(target, ignore_errors=True)
        link.unlink()
    elif link.exists():
        shutil.rmtree(link)


def reachable_copy(install: Path, account: Account | None) -> Path:
    """`install` (a folder with `bin/`), or a copy of it that the account can execute.

    A virtual environment under `/root` (0700) is closed to every other account. The copy's name
    carries the engine's size and time, so that an upgrade makes a new one.
    """
    if account is None or account.can_reach(install / "bin" / "postgres"):
        return install
    binary = (install / "bin" / "postgres").stat()
    target = SHARED / f"postgresql-{binary.st_size:x}-{int(binary.st_mtime):x}"
    if not target.exists():
        SHARED.mkdir(mode=0o755, parents=True, exist_ok=True)
        partial = target.with_name(f"{target.name}.{os.getpid()}")
        # The wheel's own libraries are found relative to the binaries: keep both side by side.
        shutil.copytree(install, partial / install.parent.name / install.name, symlinks=True)
        libraries = install.parent.with_name(f"{install.parent.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, partial / libraries.name, symlinks=True)
        for folder, folders, files in os.walk(partial):
            for name in (*folders, *files):
                path = Path(folder, name)
                if not path.is_symlink():
                    path.chmod(path.stat().st_mode | 0o055 if path.is_dir() else _open(path))
        partial.chmod(0o755)
        try:
            partial.rename(target)
        except OSError:  # another process was first
            shutil.rmtree(partial, ignore_errors=True)
    return target / install.parent.name / install.name


def _open(path: Path) -> int:
    mode = path.stat().st_mode
    return mode | (0o055 if mode & stat.S_IXUSR else 0o044)
