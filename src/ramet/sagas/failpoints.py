"""Named places around every commit and every step, where tests kill or pause a process."""

from collections.abc import Callable

__all__ = ["on_reached", "reached"]

on_reached: Callable[[str], None] | None = None
"""Called with the name of each place that is reached; None, as it is outside tests: no cost."""


def reached(place: str) -> None:
    """Say that execution is at `place`."""
    if on_reached is not None:
        on_reached(place)
