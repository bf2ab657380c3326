"""Connections for readers: as many as read at once, kept for the next."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ramet.tools.dashboard.store.files import connect_to_read

__all__ = ["Readers"]


class Readers:
    """A connection for each thread that reads at this moment."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._free: list[sqlite3.Connection] = []

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """One connection that sees the file as it was at its first query."""
        with self._lock:
            connection = self._free.pop() if self._free else None
        connection = connection or connect_to_read(self._path)
        try:
            connection.execute("BEGIN")
            yield connection
        finally:
            connection.rollback()
            with self._lock:
                self._free.append(connection)

    def close(self) -> None:
        """Close those that nobody uses."""
        with self._lock:
            for connection in self._free:
                connection.close()
            self._free.clear()
