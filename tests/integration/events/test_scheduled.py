"""Events for later on PostgreSQL and over a broker: their time, their place, their cancellation."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

import ramet
from ramet.events import cancel, scheduled
from ramet.events.brokers.shared_database import Mover
from ramet.events.inbox import inbox_loops
from ramet.events.leases import Leases
from ramet.events.receiver import Receiver
from ramet.events.relay import Relay
from ramet.events.scheduled import Calendar
from ramet.events.subscription import subscriptions
from ramet.events.surroundings import surroundings
from ramet.events.worker import Loop, Worker
from tests.integration.events.conftest import Brokers, count, effects, have_effect, in_thread
from tests.integration.events.parcels.events import Moved

pytestmark = pytest.mark.usefixtures("database")

Eventually = Callable[..., Any]


def publish(parcel: str, *numbers: int, **when: Any) -> tuple[Any, ...]:
    with transaction.atomic():
        moves = [Moved(parcel=parcel, number=number) for number in numbers]
        return ramet.publish(*moves, **when)


def make_due() -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE ramet_events_scheduled SET due = now() - interval '1 second'")


def outbox() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT payload::json->>'number' FROM ramet_events_outbox ORDER BY seq")
        return [int(number) for (number,) in cursor.fetchall()]


@pytest.mark.parametrize("way", ["broker", "shared database"])
def test_a_delayed_event_has_its_effect_when_it_is_due(
    way: str, brokers: Brokers, working: Callable[..., Worker], eventually: Eventually
) -> None:
    @ramet.subscribe(Moved, name="tracker")
    def track(event: Moved) -> None:
        have_effect(event.parcel, event.number)

    between: list[Loop] = [Mover(surroundings())]
    if way == "broker":
        between = [
            Relay(brokers(), Leases("one", 15), surroundings()),
            Receiver("tracking", list(subscriptions()), brokers(), Leases("one", 15)),
        ]
    working(*between, *inbox_loops(["tracker"], 1))
    publish("a", 0)
    eventually(lambda: effects() == [("a", 0)])
    begun = time.monotonic()
    publish("a", 3, delay=timedelta(seconds=1.5))
    publish("a", 1, 2)
    eventually(lambda: effects() == [("a", 0), ("a", 1), ("a", 2), ("a", 3)], within=8)
    assert time.monotonic() - begun >= 1.5


def test_it_waits_for_who_publishes_of_its_key_and_lets_other_keys_pass() -> None:
    publish("a", 2, delay=timedelta(hours=1))
    publish("b", 7, delay=timedelta(hours=1))
    make_due()
    with transaction.atomic():
        ramet.publish(Moved(parcel="a", number=1))
        in_thread(lambda: Calendar().release() and None).join(5)
        assert count("scheduled") == 1
    Calendar().release()
    assert outbox() == [1, 7, 2]


def test_keys_that_are_locked_do_not_fill_the_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduled, "BATCH", 2)
    publish("a", 1, 2, 3, delay=timedelta(hours=1))
    make_due()
    publish("b", 7, delay=timedelta(hours=1))
    make_due()

    def release() -> None:
        calendar = Calendar()
        while calendar.release() == 0:
            pass

    with transaction.atomic():
        ramet.publish(Moved(parcel="a", number=0))
        in_thread(release).join(5)
        assert count("scheduled") == 3
    release()
    assert outbox() == [0, 7, 1, 2, 3]


def test_what_somebody_is_cancelling_is_not_published() -> None:
    (event_id,) = publish("a", 1, delay=timedelta(hours=1))
    make_due()
    with transaction.atomic():
        assert cancel(event_id) == 1
        releasing = in_thread(lambda: Calendar().release() and None)
        releasing.join(3)
        assert outbox() == []
    releasing.join(5)
    Calendar().release()
    assert outbox() == []
    assert count("scheduled") == 0


def test_only_one_process_at_a_time_puts_events_into_the_outbox() -> None:
    publish("a", 1, delay=timedelta(hours=1))
    make_due()
    with transaction.atomic():
        with connection.cursor() as cursor:  # what the other process holds until its commit
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [scheduled._ONE_RELEASE])
        in_thread(lambda: Calendar().release() and None).join(5)
        assert count("scheduled") == 1
    Calendar().release()
    assert outbox() == [1]


def test_two_processes_publish_each_event_once_and_in_order() -> None:
    publish("a", *range(200), delay=timedelta(hours=1))
    make_due()
    begin = threading.Barrier(3, timeout=5)

    def release() -> None:
        begin.wait()
        Calendar().release()

    for thread in [in_thread(release) for _ in range(3)]:
        thread.join(10)
    assert outbox() == list(range(200))
    assert count("scheduled") == 0
