"""Ended spans that are kept, between the request that left them and the thread that sends them."""

from __future__ import annotations

import os
from collections import deque

from ramet.telemetry import exporting
from ramet.telemetry.spans import Span

__all__ = ["drain", "dropped", "take"]

LARGEST_BUFFER = 20_000
"""Spans that wait to be encoded, at most; what comes then is dropped and counted."""


def take(spans: list[Span]) -> None:
    """Add the spans of one part of a trace."""
    _buffer.take(spans)


def drain() -> list[Span]:
    """All spans so far, which are then no longer here."""
    return _buffer.drain()


def dropped() -> int:
    """How many spans did not fit since the start of this process."""
    return _buffer.dropped


class _Buffer:
    def __init__(self) -> None:
        self._parts: deque[list[Span]] = deque()
        self._count = 0
        self.dropped = 0

    # Without a lock, which each request would pay for: threads that meet here may count a few
    # spans too few, which the bound can bear; no span is lost for that.
    def take(self, spans: list[Span]) -> None:
        if self._count + len(spans) > LARGEST_BUFFER:
            self.dropped += len(spans)
            return
        self._count += len(spans)
        self._parts.append(spans)
        exporting.wake()

    def drain(self) -> list[Span]:
        found: list[Span] = []
        while self._parts:
            found += self._parts.popleft()
        self._count = 0
        return found


_buffer = _Buffer()


def _forget() -> None:
    """After a fork: what waits is the parent's to send."""
    global _buffer
    _buffer = _Buffer()


os.register_at_fork(after_in_child=_forget)
