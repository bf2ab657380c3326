"""Ids of traces and spans: lower-case hexadecimal text of 32 and 16 characters, as on the wire.

They are made ahead, many at a time. A generator of random numbers has some kilobytes of state; to
bring those into the processor's cache for one id was a third of what it took to begin a span.
"""

from __future__ import annotations

import os

__all__ = ["READY", "more"]

READY: list[str] = []
"""Halves of a trace's id, and ids of spans: pop one; where there is none, `more` gives it."""

_AT_ONCE = 512


def more() -> str:
    """One id, and others for later."""
    digits = os.urandom(8 * _AT_ONCE).hex()
    READY.extend([digits[at : at + 16] for at in range(16, len(digits), 16)])
    return digits[:16]


os.register_at_fork(after_in_child=READY.clear)  # those are the parent's
