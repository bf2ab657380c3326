"""What `consume` and `remembered` promise on every broker."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from ramet.events.brokers import Broker, Incoming
from tests.integration.events.brokers.conftest import Connect
from tests.integration.events.brokers.wire import (
    SERVICE,
    bodies,
    event,
    received,
    refuse,
    subscribe,
)
from tests.integration.events.servers.server import TYPE, Server

Eventually = Callable[..., Any]


def needs_replay(broker: Broker) -> None:
    if not broker.capabilities.replay:
        pytest.skip(f"{broker.capabilities.name} does not keep what was acknowledged")


def test_reading_goes_on_after_the_position_that_is_given(broker: Broker) -> None:
    needs_replay(broker)
    broker.send([event("a", str(number)) for number in range(4)])
    first = received(broker, until=4)
    assert bodies(received(broker, until=2, after=first[1].position)) == ["2", "3"]
    assert bodies(received(broker, until=4)) == ["0", "1", "2", "3"]  # and from the beginning


def test_one_of_the_types_may_stand_for_every_version(broker: Broker) -> None:
    """So that newer code's events wait in the inbox of older code."""
    every = [f"{TYPE.rpartition('.v')[0]}.v*"]
    broker.consume(SERVICE, every, "", refuse, lambda: False)
    broker.send([event("a", "1"), replace(event("a", "12"), type=TYPE.replace(".v1", ".v12"))])
    found: list[Incoming] = []
    deadline = time.monotonic() + 15
    broker.consume(
        SERVICE, every, "", found.extend, lambda: len(found) < 2 and time.monotonic() < deadline
    )
    assert bodies(found) == ["1", "12"]


def test_what_was_acknowledged_does_not_come_again(broker: Broker) -> None:
    broker.send([event("a", "1")])
    (first,) = received(broker, until=1)
    broker.send([event("a", "2")])
    assert bodies(received(broker, until=1, after=first.position)) == ["2"]


def test_what_was_not_stored_is_delivered_again_before_anything_later(broker: Broker) -> None:
    """Deliver raised, or the process died between deliver and acknowledge."""
    broker.send([event("a", "1"), event("a", "2")])
    with pytest.raises(RuntimeError, match="not stored"):
        broker.consume(SERVICE, [TYPE], "", refuse, lambda: True)
    broker.send([event("a", "3")])
    assert bodies(received(broker, until=3)) == ["1", "2", "3"]


def test_a_batch_in_the_middle_that_is_not_stored_acknowledges_nothing_of_itself(
    broker: Broker,
) -> None:
    broker.send([event("a", "1")])
    (first,) = received(broker, until=1)
    broker.send([event("a", str(number)) for number in range(2, 6)])
    with pytest.raises(RuntimeError, match="not stored"):
        broker.consume(SERVICE, [TYPE], first.position, refuse, lambda: True)
    assert bodies(received(broker, until=4, after=first.position)) == ["2", "3", "4", "5"]


def test_what_deliver_raises_is_raised_unchanged(broker: Broker) -> None:
    """An OSError of the caller's is not the broker's."""
    broker.send([event("a", "1")])
    own = ConnectionError("the caller's database")

    def fail(batch: Sequence[Incoming]) -> None:
        raise own

    with pytest.raises(ConnectionError) as raised:
        broker.consume(SERVICE, [TYPE], "", fail, lambda: True)
    assert raised.value is own


def test_a_service_that_moved_to_another_database_goes_on_where_it_was(broker: Broker) -> None:
    broker.send([event("a", "1")])
    received(broker, until=1)
    broker.send([event("a", "2")])
    place = broker.remembered(SERVICE)
    assert bodies(received(broker, until=1, after=place)) == ["2"]


def test_the_broker_remembers_nothing_of_a_stranger(broker: Broker) -> None:
    broker.send([event("a", "1")])
    assert broker.remembered("stranger") == ""


def test_a_position_of_another_broker_is_no_position_here(broker: Broker) -> None:
    """Somebody has changed RAMET_BROKER_URL: the lease still holds what the former broker said."""
    broker.send([event("a", "1")])
    assert bodies(received(broker, until=1, after="2026-11-26T10:00:00+00:00/12")) == ["1"]


def test_every_service_gets_every_event(broker: Broker) -> None:
    subscribe(broker, "billing")
    broker.send([event("a", "1"), event("a", "2")])
    assert bodies(received(broker, until=2)) == ["1", "2"]
    assert bodies(received(broker, until=2, service="billing")) == ["1", "2"]


def test_a_service_added_later_sees_what_is_kept(broker: Broker) -> None:
    """Where the broker keeps it; else it sees what is sent once it is known."""
    broker.send([event("a", "before")])
    subscribe(broker, "late")
    broker.send([event("a", "after")])
    expected = ["before", "after"] if broker.capabilities.replay else ["after"]
    assert bodies(received(broker, until=len(expected), service="late")) == expected


def test_what_no_service_has_asked_for_keeps_nobody_waiting(connect: Connect) -> None:
    broker = connect()  # no service has ever consumed
    lonely = event("a", "1")
    assert broker.send([lonely]) == {lonely.id}


def test_other_types_are_passed_over_or_harmless(broker: Broker) -> None:
    wanted, other = event("a", "wanted"), event("a", "other")
    object.__setattr__(other, "type", "shop.orders.Shipped.v1")
    assert len(broker.send([other, wanted])) == 2
    found = bodies(received(broker, until=lambda found: found and found[-1].body == b"wanted"))
    assert found in (["wanted"], ["other", "wanted"])


def test_what_another_program_sent_is_delivered_as_it_is(broker: Broker, server: Server) -> None:
    """It is the receiver that says what is no CloudEvent, and goes on."""
    broker.send([event("a", "1")])
    server.put(broker, b"\xff\0 no CloudEvent")
    broker.send([event("a", "2")])
    found = [each.body for each in received(broker, until=3)]
    assert sorted(found) == sorted([b"1", b"\xff\0 no CloudEvent", b"2"])
    assert found.index(b"1") < found.index(b"2")


def test_a_lone_event_arrives_at_once(broker: Broker, eventually: Eventually) -> None:
    """A reader waits for the first event, not for a batch to fill."""
    arrived: list[float] = []
    is_over = threading.Event()

    def deliver(batch: Sequence[Incoming]) -> None:
        arrived.extend(time.monotonic() for _ in batch)

    reader = threading.Thread(
        target=broker.consume, args=(SERVICE, [TYPE], "", deliver, lambda: not is_over.is_set())
    )
    reader.start()
    try:
        delays = []
        for number in range(5):
            sent = time.monotonic()
            assert broker.send([event("a", str(number))])
            eventually(lambda number=number: len(arrived) > number, every=0.002)
            delays.append(arrived[number] - sent)
    finally:
        is_over.set()
        reader.join(10)
    assert sorted(delays)[2] < 0.25


def test_proceed_is_asked_every_second_while_nothing_arrives(broker: Broker) -> None:
    asked: list[float] = []

    def proceed() -> bool:
        asked.append(time.monotonic())
        return asked[-1] - asked[0] < 2.5

    broker.consume(SERVICE, [TYPE], "", refuse, proceed)
    gaps = [later - earlier for earlier, later in itertools.pairwise(asked)]
    assert max(gaps) < 1.5  # a second, and what a busy machine adds
