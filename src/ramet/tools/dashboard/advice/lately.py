"""The findings as they were a moment ago: who reloads, or looks as well, reads no spans again."""

from __future__ import annotations

import threading
import time

from ramet.tools.dashboard.advice.finding import Declared, Finding
from ramet.tools.dashboard.advice.findings import findings
from ramet.tools.dashboard.store import Store

__all__ = ["Lately"]

FRESH = 1.0
"""Seconds. The store says no sooner what it was told."""


class Lately:
    """Asked from any thread; several that ask at the same time wait for one answer."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._found: tuple[float, Declared, list[Finding]] | None = None

    def findings(self, declared: Declared) -> list[Finding]:
        """See `findings`; at most a second old."""
        with self._lock:
            known = self._found
            if known and known[1] == declared and time.monotonic() - known[0] < FRESH:
                return known[2]
            found = findings(self._store, declared)
            self._found = time.monotonic(), declared, found
            return found
