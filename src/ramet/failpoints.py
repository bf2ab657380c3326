"""Named places before and after every commit, send and acknowledgement, where tests kill or pause
a process.

A name is `<part>.<place>`, or `<place>:<which>` where it is reached for several things. It must
have a row in tests/integration/fire/matrix.py: a place that no test has died at proves nothing.
"""

from collections.abc import Callable

__all__ = ["on_reached", "reached"]

on_reached: Callable[[str], None] | None = None
"""Called with the name of each place that is reached, in the thread that is there; None, as it is
outside tests: no cost. No setting and no environment can change it."""


def reached(place: str) -> None:
    """Say that execution is at `place`."""
    if on_reached is not None:
        on_reached(place)
