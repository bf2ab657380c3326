"""Who looks at the inbox: always one thread that is free, so that a slow handler keeps back nothing
but its own key, and never more threads, each with a connection, than there is work for.
"""

from __future__ import annotations

import threading
import time

from ramet.events import wake
from ramet.telemetry.metrics import saturation

GRACE = 0.05
"""Seconds for which a thread may be busy before the next one takes over its watch: most handlers
are done by then, and the next one need not connect to the database."""


class Crew:
    """The threads of one worker that work off the inbox, by number. The first free one watches."""

    def __init__(self, size: int) -> None:
        self._lock = threading.Lock()
        self._size = size
        self._busy: dict[int, float] = {}
        """Number of each thread that runs a handler, and since when."""
        saturation.MOST.set(size, "inbox")

    def begins(self, number: int) -> None:
        """This thread is about to work off an event: call the next, which watches from now on."""
        with self._lock:
            self._busy[number] = time.monotonic()
            saturation.BUSY.set(len(self._busy), "inbox")
        self.set()

    def ends(self, number: int) -> None:
        """This thread is free again."""
        with self._lock:
            self._busy.pop(number, None)
            saturation.BUSY.set(len(self._busy), "inbox")

    def set(self) -> None:
        """Call the first free thread; none is needed when all are busy, each looks again after."""
        with self._lock:
            free = next((each for each in range(self._size) if each not in self._busy), None)
        if free is not None:
            wake.wake(topic_of(free))

    def is_spare(self, number: int) -> bool:
        """Whether a thread before this one is free."""
        with self._lock:
            return any(each not in self._busy for each in range(number))

    def watches(self, number: int) -> bool:
        """Whether all threads before this one have been busy for a while, each with one event."""
        now = time.monotonic()
        with self._lock:
            return all(now - self._busy.get(each, now) >= GRACE for each in range(number))


def topic_of(number: int) -> str:
    """The topic that calls one thread alone."""
    return f"inbox-{number}"
