"""How a test's events get from the outbox to the inboxes: the real relay and receivers, by hand.

In the monolith rows move within the database. Between services they go as CloudEvents through a
broker, here one in memory, into each service's inbox. No thread, no worker: the test decides when.
"""

from __future__ import annotations

from typing import Protocol
from uuid import uuid4

from ramet.events.brokers import BrokerUnavailable
from ramet.events.brokers.shared_database import move
from ramet.events.leases import Leases
from ramet.events.loops import own_subscriptions
from ramet.events.receiver import Receiver
from ramet.events.relay import Relay
from ramet.events.subscription import Subscription
from ramet.events.surroundings import Surroundings
from ramet.testing.broker import MemoryBroker

__all__ = ["SharedDatabase", "ThroughBroker", "Transport"]

_LEASE = 86_400
"""Seconds: for a whole test, whatever it does with its clock."""


class Transport(Protocol):
    """From outbox to inbox."""

    def pump(self) -> bool:
        """Move whatever can be moved now; whether that was anything."""


class SharedDatabase:
    """The monolith: from table to table."""

    def __init__(self, place: Surroundings) -> None:
        self._place = place

    def pump(self) -> bool:
        is_moved = False
        while move(self._place):
            is_moved = True
        return is_moved


class ThroughBroker:
    """Services: the relay of all that is published, and a receiver for each service."""

    def __init__(self, place: Surroundings, broker: MemoryBroker) -> None:
        leases = self._leases = Leases(f"test-{uuid4().hex[:8]}", _LEASE)
        self._broker, self._renewed = broker, broker.now()
        self._relay = Relay(broker, leases, place)
        by_service: dict[str, list[Subscription]] = {}
        for service, subscription in own_subscriptions(place):
            by_service.setdefault(service, []).append(subscription)
        self._receivers = [
            Receiver(service, wanted, broker, leases)
            for service, wanted in sorted(by_service.items())
        ]

    def pump(self) -> bool:
        if self._renewed != self._broker.now():
            self._leases.renew()  # as the pulse of a worker does while time goes by
            self._renewed = self._broker.now()
        is_moved = self._send()
        for receiver in self._receivers:
            while True:
                try:
                    receiver.work()
                    break
                except BrokerUnavailable:
                    continue  # as often as the test has asked for
        return is_moved

    def _send(self) -> bool:
        is_moved = False
        while True:
            try:
                if self._relay.work() != 0:
                    return is_moved
                is_moved = True
            except BrokerUnavailable:
                continue
