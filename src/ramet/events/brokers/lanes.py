"""The order of a batch: one lane a key, and nothing goes past an event that could not be sent."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

import structlog

from ramet.events.brokers import Outgoing

log = structlog.get_logger("ramet.events")


def lanes_of(batch: Iterable[Outgoing]) -> list[list[Outgoing]]:
    """The events of each key, in their order."""
    lanes: dict[str, list[Outgoing]] = {}
    for event in batch:
        lanes.setdefault(event.key, []).append(event)
    return list(lanes.values())


def sendable(batch: Sequence[Outgoing], largest: int) -> list[Outgoing]:
    """The batch without events that are too large, and without those that follow one in its key."""
    blocked: set[str] = set()
    fit = []
    for event in batch:
        if event.key not in blocked and len(event.body) > largest:
            blocked.add(event.key)
            note_not_sent(event, f"{len(event.body)} bytes, the broker takes {largest}")
        elif event.key not in blocked:
            fit.append(event)
    return fit


def in_time(batch: Iterable[Outgoing]) -> list[Outgoing]:
    """Those that this relay may still send, without what follows another one in its key."""
    now = time.monotonic()
    over: set[str] = set()
    fit = []
    for event in batch:
        if event.key in over or now >= event.until:
            over.add(event.key)
        else:
            fit.append(event)
    return fit


def note_not_sent(event: Outgoing, error: str) -> None:
    """Say in the log that an event, and what follows it in its key, waits in the outbox."""
    log.warning("events.not_sent", type=event.type, id=str(event.id), error=error, key=event.key)
