"""The receiver: puts what the broker delivers into the inbox, and only then acknowledges it.

One receiver a service at a time, by lease. The transaction that stores a batch also moves the
lease's position and checks its epoch: a receiver that was paused past its lease cannot store
anything, and its successor begins exactly where the inbox ends, so nothing is skipped and nothing
overtakes.
"""

# ruff: noqa: S608  values are parameters; what is put in is an expression of ramet.events.sql

from __future__ import annotations

import time
from collections.abc import Sequence

import structlog
from django.db import connections, transaction

from ramet.events import metrics, spans, sql, worker
from ramet.events.brokers import Broker, Incoming, every_version
from ramet.events.cloudevents import Envelope, NotACloudEvent, decode
from ramet.events.leases import Lease, Leases
from ramet.events.producers import FORGED, why_not_its_producer
from ramet.events.storing import store, store_dead
from ramet.events.subscription import Subscription
from ramet.events.surroundings import surroundings
from ramet.failpoints import reached

log = structlog.get_logger("ramet.events")


class LeaseLost(Exception):
    """Another receiver has taken over; what this one holds was not stored."""


def _carried(envelope: Envelope) -> spans.Carried:
    return spans.Carried(envelope.type, envelope.id, envelope.key, envelope.headers)


class Receiver(worker.Loop):
    """Receives for one service. Rests without a database connection while nothing arrives."""

    poll = None

    def __init__(
        self,
        service: str,
        subscriptions: Sequence[Subscription],
        broker: Broker,
        leases: Leases,
    ) -> None:
        super().__init__()
        self.name = f"receiver-{service}"
        self._service, self._broker, self._leases = service, broker, leases
        self._subscriptions = subscriptions
        # Every version: what newer code publishes is kept until newer code is here, too.
        self._types = sorted(
            {every_version(each.declaration.family) for each in subscriptions if each.declaration}
        )
        self._by_type: dict[str, list[Subscription]] = {}
        self._last_used = time.monotonic()

    def work(self) -> float | None:
        """Receive until the worker stops or the lease is over."""
        name = f"receive/{self._service}"
        lease = self._leases.held(name) or next(iter(self._leases.take([name])), None)
        if lease is None:
            connections.close_all()  # one that only stands by needs none
            return self._leases.seconds / 5
        try:
            if not lease.position and (position := self._broker.remembered(self._service)):
                # The service moved here. Stored first: to consume, the broker's own memory of it
                # is made anew, and what fails half-way must not lose the place.
                with transaction.atomic():
                    self._move_position(lease, position)
                lease.position = position
            self._broker.consume(
                self._service,
                self._types,
                lease.position,
                lambda batch: self._store(batch, lease),
                lambda: self._may_proceed(lease),
            )
        except LeaseLost:
            log.warning("events.receiver_replaced", receiver=self._service)
            self._leases.forget([name])
        return 0.2

    def end(self) -> None:
        """Hand over at once."""
        self._leases.release([f"receive/{self._service}"])

    def _store(self, batch: Sequence[Incoming], lease: Lease) -> None:
        place = surroundings()
        received, forged, types = [], [], []
        for incoming in batch:
            if (envelope := self._envelope(incoming)) is None:
                continue
            types.append(envelope.type)
            wanting = self._wanting(envelope.type)
            why = why_not_its_producer(envelope, incoming.sent_as, place) if wanting else None
            for subscription in wanting:
                if why is None:
                    received.append((subscription, envelope))
                else:
                    forged.append((subscription, envelope, why))
        position = batch[-1].position
        reached("receiver.before-store")
        seen = {envelope.id: _carried(envelope) for _, envelope in received}
        with spans.travelling("receive", seen.values(), self._service), transaction.atomic():
            # First, so that a successor waits here until this batch is stored or rolled back.
            self._move_position(lease, position)
            reached("receiver.position-moved")
            stored = store(received)
            for subscription, envelope, why in forged:
                self._keep_forged(subscription, envelope, why)
            reached("receiver.before-commit")
        reached("receiver.after-commit")
        lease.position = position
        self._last_used = time.monotonic()
        for each in types:
            metrics.RECEIVED.add(1, each)
        log.info("events.received", count=len(batch), stored=stored)

    def _wanting(self, type_name: str) -> list[Subscription]:
        if type_name not in self._by_type:
            self._by_type[type_name] = [
                each for each in self._subscriptions if each.wants(type_name)
            ]
        return self._by_type[type_name]

    def _move_position(self, lease: Lease, position: str) -> None:
        held = sql.rows(
            "UPDATE ramet_events_lease SET position = %s"
            " WHERE name = %s AND holder = %s AND epoch = %s"
            f" RETURNING {sql.not_asleep(self._leases.seconds)}",
            [position, lease.name, self._leases.holder, lease.epoch],
        )
        if not held:
            raise LeaseLost

    def _envelope(self, incoming: Incoming) -> Envelope | None:
        """None for what cannot be a CloudEvent: waiting for it would keep back all that follow."""
        try:
            return decode(incoming.body)
        except NotACloudEvent as error:
            log.error("events.not_a_cloudevent", error=str(error), position=incoming.position)
            return None

    def _keep_forged(self, subscription: Subscription, envelope: Envelope, why: str) -> None:
        """As a dead letter: an app that has just moved to another service looks the same."""
        if store_dead(subscription, envelope, f"{FORGED}: {why}"):
            log.error(
                "events.not_from_its_producer",
                type=envelope.type,
                id=str(envelope.id),
                handler=subscription.handler,
                found=why,
                remedy="find out who sent it; `ramet events replay ID` if its app has moved",
            )

    def _may_proceed(self, lease: Lease) -> bool:
        if time.monotonic() - self._last_used > worker.IDLE:
            connections.close_all()
        return not self.stopping.is_set() and lease.is_held
