"""Sending and receiving without relay and inbox: what an adapter promises, and no more."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from uuid import uuid4

from ramet.events.brokers import Broker, BrokerUnavailable, Incoming, Outgoing
from tests.integration.events.servers.server import TYPE

SERVICE = "tracking"


def event(key: str, text: str = "{}") -> Outgoing:
    return Outgoing(uuid4(), TYPE, "orders", key, text.encode())


def subscribe(broker: Broker, service: str = SERVICE) -> None:
    """Consume nothing: whoever did so once is known to the broker."""
    broker.consume(service, [TYPE], "", refuse, lambda: False)


def refuse(batch: Sequence[Incoming]) -> None:
    raise RuntimeError("not stored")


def received(
    broker: Broker,
    *,
    until: int | Callable[[list[Incoming]], bool],
    after: str = "",
    service: str = SERVICE,
    within: float = 15,
) -> list[Incoming]:
    """What arrives after `after`, until there are so many; less when that takes too long."""
    found: list[Incoming] = []
    deadline = time.monotonic() + within

    def proceed() -> bool:
        is_enough = len(found) >= until if isinstance(until, int) else until(found)
        return not is_enough and time.monotonic() < deadline

    broker.consume(service, [TYPE], after, found.extend, proceed)
    return found


def bodies(incoming: Sequence[Incoming]) -> list[str]:
    return [each.body.decode(errors="replace") for each in incoming]


def send_all(broker: Broker, batch: Sequence[Outgoing], within: float = 30) -> None:
    """Send as a relay does: until every event is acknowledged."""
    left = list(batch)
    deadline = time.monotonic() + within
    while left:
        try:
            acknowledged = broker.send(left)
        except BrokerUnavailable:
            acknowledged = set()
        left = [each for each in left if each.id not in acknowledged]
        assert time.monotonic() < deadline, f"{len(left)} events are not sent"
