"""From `publish` to the effect of a handler, over every broker: relay, receiver and inbox."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction
from structlog.testing import capture_logs

import ramet
from ramet.events.brokers import Incoming
from ramet.events.inbox import inbox_loops
from ramet.events.leases import Lease, Leases
from ramet.events.receiver import Receiver
from ramet.events.relay import Relay
from ramet.events.subscription import subscription_of
from ramet.events.surroundings import surroundings
from ramet.events.worker import Worker
from tests.integration.events.brokers.conftest import Connect
from tests.integration.events.brokers.wire import refuse
from tests.integration.events.conftest import count, effects, have_effect, in_thread
from tests.integration.events.parcels.events import Moved
from tests.integration.events.servers.server import Server

pytestmark = pytest.mark.usefixtures("database")

Eventually = Callable[..., Any]
Working = Callable[..., Worker]

MOVED = "tests.integration.events.parcels.Moved.v1"


@pytest.fixture
def handler(connect: Connect) -> str:
    """A handler in the service `tracking`, which the broker knows."""

    @ramet.subscribe(Moved, name="tracker")
    def track(event: Moved) -> None:
        have_effect(event.parcel, event.number, "tracker")

    connect().consume("tracking", [MOVED], "", refuse, lambda: False)
    return "tracker"


def publish(parcel: str, *numbers: int) -> None:
    with transaction.atomic():
        ramet.publish(*(Moved(parcel=parcel, number=number) for number in numbers))


def relay(connect: Connect, name: str = "one") -> Relay:
    return Relay(connect(name), Leases(name, 15), surroundings())


def receiver(connect: Connect, handler: str, name: str = "one") -> Receiver:
    subscription = subscription_of(handler)
    assert subscription is not None
    return Receiver("tracking", [subscription], connect(name), Leases(name, 15))


def of_key(key: str) -> list[int]:
    return [number for parcel, number in effects() if parcel == key]


def test_every_committed_event_has_one_effect_in_the_order_of_its_key(
    handler: str, connect: Connect, working: Working, eventually: Eventually
) -> None:
    for name in ("one", "two"):
        working(relay(connect, name))
        working(receiver(connect, handler, name), *inbox_loops([handler], 2))
    publish("a", 1, 2)
    # A server that has just started takes its time for its first queue, longer than one lease.
    eventually(lambda: of_key("a") == [1, 2], within=30)
    for number in range(3, 21):
        for parcel in "abc":
            publish(parcel, number)
    eventually(lambda: len(effects()) >= 56, within=20)
    assert of_key("a") == list(range(1, 21))
    assert of_key("b") == of_key("c") == list(range(3, 21))
    eventually(lambda: count("outbox") == 0)


def test_what_no_handler_can_read_keeps_nothing_back(
    handler: str,
    connect: Connect,
    server: Server,
    working: Working,
    eventually: Eventually,
) -> None:
    one = relay(connect)
    publish("a", 1)
    one.work()
    foreign = {"specversion": "1.0", "id": str(uuid4()), "source": "/elsewhere", "type": MOVED}
    for body in (b"\0", b"not JSON", json.dumps({**foreign, "data": {"odd": 1}}).encode()):
        server.put(connect(), body, MOVED)
    publish("a", 2)
    one.work()
    working(receiver(connect, handler), *inbox_loops([handler], 1))
    eventually(lambda: of_key("a") == [1, 2], within=15)


def test_a_crash_between_commit_and_acknowledgement_repeats_nothing(
    handler: str,
    connect: Connect,
    working: Working,
    eventually: Eventually,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store, crashes = Receiver._store, []

    def store_and_crash(self: Receiver, batch: Sequence[Incoming], lease: Lease) -> None:
        store(self, batch, lease)
        if len(crashes) < 2:
            crashes.append(len(batch))
            raise ConnectionError("crashed")

    monkeypatch.setattr(Receiver, "_store", store_and_crash)
    one = relay(connect)
    working(receiver(connect, handler), *inbox_loops([handler], 1))
    for number in (1, 2, 3):
        publish("a", number)
        one.work()
        # Before the next, or all of them may come in one batch, and crash once.
        eventually(lambda number=number: number in of_key("a"), within=15)
    assert of_key("a") == [1, 2, 3]
    assert len(crashes) == 2
    assert count("inbox") == 3


def test_a_receiver_that_was_replaced_stores_nothing_and_its_successor_everything(
    handler: str,
    connect: Connect,
    working: Working,
    eventually: Eventually,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    paused, resumed = threading.Event(), threading.Event()
    first = receiver(connect, handler, "first")
    store = first._store

    def pause_and_store(batch: Sequence[Incoming], lease: Lease) -> None:
        paused.set()
        resumed.wait(20)
        store(batch, lease)

    monkeypatch.setattr(first, "_store", pause_and_store)
    one = relay(connect)
    publish("a", 1, 2, 3)
    one.work()
    with capture_logs() as lines:
        thread = in_thread(lambda: first.work() and None)
        assert paused.wait(10)
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE ramet_events_lease SET until = now() - interval '1 second'"
                " WHERE name = 'receive/tracking'"
            )
        working(receiver(connect, handler, "second"), *inbox_loops([handler], 1))
        eventually(lambda: count("lease", "name = 'receive/tracking' AND holder = 'second'"))
        resumed.set()
        thread.join(10)
    assert "events.receiver_replaced" in {line["event"] for line in lines}
    publish("a", 4)
    one.work()
    eventually(lambda: of_key("a") == [1, 2, 3, 4], within=15)
    assert count("inbox") == 4
