"""How long to wait before a process that keeps ending is started again."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

_WINDOW_SECONDS = 30.0
_FREE_RESTARTS = 3
_LONGEST_SECONDS = 15.0


@dataclass(slots=True)
class Backoff:
    """The first restarts within 30 s are immediate, then 0.5, 1, 2, ... at most 15 s apart.

    A process that was killed is back at once; one that cannot run does not burn the processor.
    """

    clock: Callable[[], float] = time.monotonic
    _ends: list[float] = field(default_factory=list)

    def next_delay(self) -> float:
        """Record that it ended now; returns the seconds to wait."""
        now = self.clock()
        window = _WINDOW_SECONDS + self._delay(len(self._ends))
        self._ends = [*(end for end in self._ends if now - end < window), now]
        return self._delay(len(self._ends))

    @property
    def is_crash_loop(self) -> bool:
        """Whether restarts are no longer immediate."""
        return len(self._ends) > _FREE_RESTARTS

    def forget(self) -> None:
        """The cause is gone (the code was changed): begin anew."""
        self._ends.clear()

    def _delay(self, ends: int) -> float:
        excess = ends - _FREE_RESTARTS
        return 0.0 if excess <= 0 else min(_LONGEST_SECONDS, 0.5 * 2 ** min(excess - 1, 10))
