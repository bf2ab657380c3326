"""The ledger of what is not kept: counted in memory, so that a full disk is counted too."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Mapping

from ramet.tools.dashboard.store.limits import Loss
from ramet.tools.dashboard.store.reasons import sentence

__all__ = ["Ledger"]


class Ledger:
    """Counts by signal and reason since the file was made. For any thread."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        rows = connection.execute("SELECT signal, reason, count, last FROM losses")
        self._lock = threading.Lock()
        self._counts = {(signal, reason): (count, last) for signal, reason, count, last in rows}
        self._unsaved: set[tuple[str, str]] = set()

    def add(self, losses: Mapping[tuple[str, str], int]) -> None:
        """Count what was just lost."""
        now = time.time_ns()
        with self._lock:
            for key, number in losses.items():
                self._counts[key] = (self._counts.get(key, (0, 0))[0] + number, now)
                self._unsaved.add(key)

    def save(self, connection: sqlite3.Connection) -> set[tuple[str, str]]:
        """Write what changed; `saved` with the answer once that is committed."""
        with self._lock:
            changed = set(self._unsaved)
            rows = [(*key, *self._counts[key]) for key in changed]
        connection.executemany("INSERT OR REPLACE INTO losses VALUES (?, ?, ?, ?)", rows)
        return changed

    def saved(self, changed: set[tuple[str, str]]) -> None:
        """What `save` wrote is committed. What was counted meanwhile is written the next time."""
        with self._lock:
            self._unsaved -= changed

    def listed(self) -> tuple[Loss, ...]:
        """The most frequent first."""
        with self._lock:
            found = [
                Loss(signal, reason, count, last, sentence(reason))
                for (signal, reason), (count, last) in self._counts.items()
            ]
        return tuple(sorted(found, key=lambda loss: -loss.count))
