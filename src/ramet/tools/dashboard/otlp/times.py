"""Which times are believed."""

from __future__ import annotations

import time

__all__ = ["latest"]

AHEAD = 600 * 1_000_000_000
"""How far, in nanoseconds, a sender's clock may be ahead of ours.

What is later would stand at the top of every list until its day comes.
"""


def latest() -> int:
    """The latest time that an item may have, nanoseconds since the epoch."""
    return time.time_ns() + AHEAD
