"""What `send` promises on every broker."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from ramet.events.brokers import Broker
from tests.integration.events.brokers.wire import bodies, event, received, send_all
from tests.integration.events.servers.server import Server


def test_everything_that_was_sent_is_acknowledged_and_arrives(broker: Broker) -> None:
    batch = [event(key, f"{key}{number}") for number in range(3) for key in "ab"]
    assert broker.send(batch) == {each.id for each in batch}
    assert sorted(bodies(received(broker, until=6))) == ["a0", "a1", "a2", "b0", "b1", "b2"]


def test_an_empty_batch_is_nothing(broker: Broker) -> None:
    assert broker.send([]) == set()


def test_the_order_of_each_key_holds_under_pipelining(broker: Broker) -> None:
    keys = [f"key {number}" for number in range(20)]
    for first in (0, 15):
        batch = [event(key, f"{key}|{n}") for n in range(first, first + 15) for key in keys]
        assert len(broker.send(batch)) == 300
    found = bodies(received(broker, until=600))
    for key in keys:
        assert [each for each in found if each.startswith(f"{key}|")] == [
            f"{key}|{n}" for n in range(30)
        ]


def test_nothing_of_its_key_goes_past_an_event_that_is_too_large(
    broker: Broker, server: Server
) -> None:
    huge = "x" * server.too_large
    batch = [
        *(event("a", "a1"), event("a", huge), event("a", "a3")),
        *(event("b", "b1"), event("b", "b2")),
    ]
    assert broker.send(batch) == {batch[0].id, batch[3].id, batch[4].id}
    assert broker.send([event("a", huge)]) == set()
    assert broker.send([event("c", "c1")])  # the connection has not suffered
    assert sorted(bodies(received(broker, until=4))) == ["a1", "b1", "b2", "c1"]


def test_what_another_relay_may_have_taken_over_is_not_sent(broker: Broker) -> None:
    """The lease of its partition has ended while the batch was read."""
    late = [replace(event("a", text), until=time.monotonic()) for text in ("late 1", "late 2")]
    mine = event("b", "mine")
    assert broker.send([late[0], mine, late[1]]) == {mine.id}
    assert bodies(received(broker, until=2, within=1)) == ["mine"]


def test_a_second_copy_is_acknowledged_too(broker: Broker) -> None:
    """Or the row would stay in the outbox for ever. The inbox drops it, if the broker does not."""
    once = event("a", "1")
    assert broker.send([once]) == broker.send([once]) == {once.id}
    send_all(broker, [event("a", "2")])
    found = bodies(received(broker, until=lambda found: found and found[-1].body == b"2"))
    assert found in (["1", "2"], ["1", "1", "2"])


def test_two_senders_do_not_disturb_each_other(broker: Broker, connect: object) -> None:
    assert callable(connect)
    other = connect("other")
    for number in range(3):
        assert broker.send([event("a", f"a{number}")])
        assert other.send([event("b", f"b{number}")])
    found = bodies(received(broker, until=6))
    assert [each for each in found if each[0] == "a"] == ["a0", "a1", "a2"]
    assert [each for each in found if each[0] == "b"] == ["b0", "b1", "b2"]


@pytest.mark.parametrize("key", ["", "ключ", "a b.c>*#/:"])
def test_any_key_will_do(broker: Broker, key: str) -> None:
    assert broker.send([event(key, "1")])
    assert bodies(received(broker, until=1)) == ["1"]


def test_what_a_relay_may_no_longer_send_is_not_sent_nor_what_follows_it(broker: Broker) -> None:
    """`until` is over: another relay may have taken over while this one was paused."""
    over = replace(event("a", "a2"), until=time.monotonic())
    batch = [event("a", "a1"), over, event("a", "a3"), event("b", "b1")]
    assert broker.send(batch) == {batch[0].id, batch[3].id}
    assert sorted(bodies(received(broker, until=2))) == ["a1", "b1"]
