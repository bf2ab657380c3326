"""Opening the file: made where there is none, set aside where it cannot be used."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from ramet.errors import DiagnosticError, Mistake
from ramet.tools.dashboard.store.lock import Lock
from ramet.tools.dashboard.store.schema import APPLICATION, TABLES, VERSION

__all__ = ["connect", "connect_to_read", "copy"]

JOURNAL = 16 * 1024 * 1024
"""Bytes to which the write-ahead log is cut back."""
PAGE = 8_192

_log = logging.getLogger("ramet.dashboard")


def connect(path: Path) -> tuple[sqlite3.Connection, Lock]:
    """A connection that may write, to a file with our tables, for the one thread that writes; and
    what keeps other processes from it.

    What is not ours, of another version, or broken is renamed to `<name>.set-aside` and a new file
    is made; the one that was set aside before is lost. Raises `DiagnosticError` where the folder
    cannot be written to, or another process has the file.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = Lock.take(path)
    except OSError as error:
        raise _not_writable(path, error) from error
    try:
        if path.exists() and (reason := _unusable(path)):
            aside = _set_aside(path)
            _log.warning("%s %s: it is now %s, and a new one is made.", path, reason, aside)
        return _opened(path), lock
    except (sqlite3.Error, OSError) as error:
        lock.release()
        raise _not_writable(path, error) from error


def _not_writable(path: Path, error: Exception) -> DiagnosticError:
    return DiagnosticError(
        Mistake(
            reference="telemetry-file-not-writable",
            where=str(path),
            found=str(error),
            expected="a file that can be written, in a folder that can be written to",
            remedy="make room or change the folder's permissions, or name another file",
        )
    )


def connect_to_read(path: Path) -> sqlite3.Connection:
    """A connection that only reads, for use in one thread at a time."""
    connection = sqlite3.connect(
        _to_read(path), uri=True, isolation_level=None, check_same_thread=False, timeout=5
    )
    connection.execute("PRAGMA query_only = 1")
    return connection


def copy(path: Path, table: str, select: str, values: Sequence[object]) -> sqlite3.Connection:
    """A database in memory that has the rows of a query in `table`; the file is `kept` in it."""
    connection = sqlite3.connect(
        ":memory:", uri=True, isolation_level=None, check_same_thread=False, timeout=5
    )
    try:
        connection.execute("ATTACH ? AS kept", (_to_read(path),))
        connection.execute(f"CREATE TABLE {table} AS {select}", values)
        connection.execute("DETACH kept")
    except BaseException:
        connection.close()
        raise
    return connection


def _to_read(path: Path) -> str:
    return f"{path.resolve().as_uri()}?mode=ro"


def _opened(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5)
    try:
        connection.execute(f"PRAGMA page_size = {PAGE}")
        connection.execute("PRAGMA journal_mode = WAL")
        # No sync at each commit: after a power cut the last seconds are missing, nothing is broken.
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA secure_delete = 0")
        connection.execute(f"PRAGMA journal_size_limit = {JOURNAL}")
        connection.execute("PRAGMA cache_size = -16384")
        if connection.execute("PRAGMA user_version").fetchone()[0] != VERSION:
            connection.executescript(
                f"BEGIN; {TABLES} PRAGMA application_id = {APPLICATION};"
                f"PRAGMA user_version = {VERSION}; COMMIT;"
            )
    except BaseException:
        connection.close()
        raise
    return connection


def _unusable(path: Path) -> str | None:
    """Why the file cannot be gone on with; None where it can."""
    connection = sqlite3.connect(path, isolation_level=None, timeout=5)
    try:
        application = connection.execute("PRAGMA application_id").fetchone()[0]
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        empty = not connection.execute("SELECT 1 FROM sqlite_master").fetchone()
        if empty and application in (0, APPLICATION):
            return None
        if application != APPLICATION:
            return "is no telemetry of Ramet"
        if version != VERSION:
            return f"has the tables of version {version}, this Ramet those of {VERSION}"
        sound = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        return None if sound == "ok" else f"is broken ({sound})"
    except sqlite3.OperationalError:
        raise  # locked, or not to be opened: not the file's fault
    except sqlite3.DatabaseError as error:
        return f"is broken ({error})"
    finally:
        connection.close()


def _set_aside(path: Path) -> Path:
    aside = path.with_name(path.name + ".set-aside")
    for suffix in ("-wal", "-shm"):
        # They belong to the broken file; a new one must not be recovered from them.
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    return path.replace(aside)
