"""A broker in memory: what a real one may do to events, done on demand and the same every time.

It keeps the guarantees that Ramet asks of every broker (see `ramet.events.brokers.Broker`): events
of one key are delivered in the order in which they were sent, and nothing is lost. Within those it
repeats, delays and mixes as a test says.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from ramet.events.brokers import (
    BrokerUnavailable,
    Capabilities,
    Deliver,
    Incoming,
    Outgoing,
    is_one_of,
)

__all__ = ["MemoryBroker"]


@dataclass(frozen=True, slots=True)
class _Entry:
    """One event that was sent, or sent again."""

    event: Outgoing
    available_at: timedelta
    """On the test's clock."""


@dataclass(slots=True)
class MemoryBroker:
    """One broker, for one test."""

    now: Callable[[], timedelta]
    capabilities: Capabilities = field(
        default=Capabilities(
            name="memory", key_order=True, replay=True, delay=False, largest=64 * 1024 * 1024
        ),
        init=False,
    )
    mixing: random.Random | None = None
    """Where it is set, the next event comes from a key that this picks."""
    repeated: Callable[[str], bool] = lambda type_name: False
    """Whether events of a type are delivered more than once."""
    delay: Callable[[str], timedelta] = lambda type_name: timedelta()
    """For how long events of a type are on their way."""
    lost_sends: int = 0
    """So many times the connection is lost after events were stored and before that is said."""
    lost_deliveries: int = 0
    """So many times the connection is lost after events were received."""
    _entries: list[_Entry] = field(default_factory=list)
    _late: list[Outgoing] = field(default_factory=list)
    _delivered: dict[str, list[int]] = field(default_factory=dict)
    """For each receiver, the entries that it was given, in that order; its position in this list
    is what it stores."""

    def send(self, batch: Sequence[Outgoing]) -> set[UUID]:
        """Keep all; acknowledge all, unless the connection is to be lost."""
        for event in batch:
            entry = _Entry(event, self.now() + self.delay(event.type))
            self._entries.append(entry)
            if self.repeated(event.type):
                self._entries.append(entry)
                self._late.append(event)
        if self.lost_sends:
            self.lost_sends -= 1
            raise BrokerUnavailable("the test has dropped the connection")
        return {event.id for event in batch}

    def repeat_late(self) -> bool:
        """Send what is repeated once more, now that it may be worked off; whether there is any."""
        late, self._late = self._late, []
        self._entries += [_Entry(event, self.now()) for event in late]
        return bool(late)

    def remembered(self, durable: str) -> str:
        """Nothing: every test begins anew."""
        return ""

    def consume(
        self,
        durable: str,
        types: Sequence[str],
        after: str,
        deliver: Deliver,
        proceed: Callable[[], bool],
    ) -> None:
        """Deliver, one by one, what is available now, and return."""
        delivered = self._delivered.setdefault(durable, [])
        del delivered[int(after or 0) :]  # what was delivered but not stored comes again
        while (place := self._next(delivered, types)) is not None:
            delivered.append(place)
            deliver([Incoming(self._entries[place].event.body, str(len(delivered)))])
            if self.lost_deliveries:
                self.lost_deliveries -= 1
                raise BrokerUnavailable("the test has dropped the connection")

    def close(self) -> None:
        """Nothing to close."""

    def _next(self, delivered: list[int], types: Sequence[str]) -> int | None:
        """The first available entry of each key is a candidate; the first of those, or any."""
        done, seen = set(delivered), set[str]()
        candidates = []
        for place, entry in enumerate(self._entries):
            event = entry.event
            if place in done or event.key in seen or not is_one_of(event.type, types):
                continue
            seen.add(event.key)  # the next of its key waits behind it, available or not
            if entry.available_at <= self.now():
                candidates.append(place)
        if not candidates:
            return None
        return self.mixing.choice(candidates) if self.mixing else candidates[0]
