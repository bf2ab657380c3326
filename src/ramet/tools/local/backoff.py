"""How long to wait before a process that keeps ending is started again."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

_QUIET_SECONDS = 30.0
_FREE_RESTARTS = 3
_LONGEST_SECONDS = 15.0


@dataclass(slots=True)
class Backoff:
    """The first three restarts are immediate, then 0.5, 1, 2, ... at most 15 s apart.

    A process that was killed is back at once; one that cannot run does not burn the processor. One
    that ran for 30 s has proved itself, and the count begins anew.
    """

    clock: Callable[[], float] = time.monotonic
    _ends: int = 0
    _started: float | None = None

    def next_delay(self) -> float:
        """Record that it ended now; returns the seconds to wait before it is started again."""
        now = self.clock()
        if self._started is not None and now - self._started >= _QUIET_SECONDS:
            self._ends = 0
        self._ends += 1
        excess = self._ends - _FREE_RESTARTS
        delay = 0.0 if excess <= 0 else min(_LONGEST_SECONDS, 0.5 * 2 ** min(excess - 1, 10))
        self._started = now + delay
        return delay

    def forget(self) -> None:
        """The cause is gone (the code was changed): begin anew."""
        self._ends = 0
