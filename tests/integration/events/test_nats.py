"""What is NATS JetStream's own, and relays and receivers over it; the rest is in `brokers/`."""

from __future__ import annotations

import asyncio
import json
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import nats
import nats.aio.client
import pytest
from django.db import connection, transaction
from nats.errors import TimeoutError as NatsTimeout
from structlog.contextvars import bound_contextvars, get_contextvars
from structlog.testing import capture_logs

import ramet
from ramet.events.brokers import BrokerUnavailable, Incoming, Outgoing
from ramet.events.brokers.nats import broker as nats_broker
from ramet.events.brokers.nats.broker import NatsBroker
from ramet.events.inbox import inbox_loops
from ramet.events.leases import Leases
from ramet.events.receiver import Receiver
from ramet.events.relay import Relay
from ramet.events.subscription import subscription_of
from ramet.events.surroundings import surroundings
from ramet.events.worker import Worker
from tests.acceptance.nemesis.proxy import Proxy
from tests.integration.events.conftest import (
    Brokers,
    NatsServer,
    count,
    effects,
    have_effect,
    in_thread,
)
from tests.integration.events.parcels.events import Moved

pytestmark = pytest.mark.usefixtures("database")

Eventually = Callable[..., Any]
Working = Callable[..., Worker]


@pytest.fixture
def handler() -> str:
    @ramet.subscribe(Moved, name="tracker")
    def track(event: Moved) -> None:
        have_effect(event.parcel, event.number, "tracker")

    return "tracker"


def publish(parcel: str, *numbers: int) -> None:
    with transaction.atomic():
        ramet.publish(*(Moved(parcel=parcel, number=number) for number in numbers))


def relay(brokers: Brokers, name: str = "one") -> Relay:
    return Relay(brokers(name), Leases(name, 15), surroundings())


def receiver(brokers: Brokers, handler: str, name: str = "one") -> Receiver:
    subscription = subscription_of(handler)
    assert subscription is not None
    return Receiver("tracking", [subscription], brokers(name), Leases(name, 15))


def per_key() -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for key, number in effects():
        found.setdefault(key, []).append(number)
    return found


def test_the_wire_carries_a_cloudevent_on_the_subject_of_its_type(
    brokers: Brokers, nats_server: NatsServer, system: str
) -> None:
    with bound_contextvars(traceparent="00-" + "a" * 32 + "-" + "b" * 16 + "-01", request_id="r1"):
        publish("a", 1)
    relay(brokers).work()

    async def first() -> tuple[str, dict[str, str], dict[str, Any]]:
        client = await nats.connect(nats_server.url)
        message = await client.jsm().get_msg(f"{system}-events", 1)
        await client.close()
        return str(message.subject), message.headers or {}, json.loads(message.data or b"")

    subject, headers, body = asyncio.run(first())
    assert subject == f"{system}.events.django.Moved.v1"
    assert headers["Nats-Msg-Id"] == body["id"]
    assert UUID(body.pop("id"))
    assert body.pop("time").endswith("Z")
    assert body == {
        "specversion": "1.0",
        "source": "/django/django",
        "type": "tests.integration.events.parcels.Moved.v1",
        "datacontenttype": "application/json",
        "partitionkey": "a",
        "traceparent": "00-" + "a" * 32 + "-" + "b" * 16 + "-01",
        "requestid": "r1",
        "data": {"parcel": "a", "number": 1, "to": "depot"},
    }


def test_trace_and_request_id_reach_the_handler(
    brokers: Brokers, working: Working, eventually: Eventually
) -> None:
    seen: list[dict[str, Any]] = []

    @ramet.subscribe(Moved, name="context")
    def note(event: Moved) -> None:
        seen.append(get_contextvars())

    working(relay(brokers), receiver(brokers, "context"), *inbox_loops(["context"], 1))
    with bound_contextvars(traceparent="00-trace", request_id="r1", token="secret"):
        publish("a", 1)
    eventually(lambda: seen, within=5)
    assert seen[0]["traceparent"] == "00-trace"
    assert seen[0]["request_id"] == "r1"
    assert "token" not in seen[0]


def test_a_duplicate_within_and_beyond_the_brokers_window_has_no_effect(
    handler: str, brokers: Brokers, working: Working, eventually: Eventually, system: str
) -> None:
    publish("a", 1)
    with connection.cursor() as cursor:  # the row as it was before the relay deleted it
        cursor.execute("CREATE TEMP TABLE kept AS SELECT * FROM ramet_events_outbox")
    one = relay(brokers)
    one.work()
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO ramet_events_outbox SELECT * FROM kept")
    one.work()  # the server knows the id
    assert count("outbox") == 0
    sent = _stream_messages(brokers)
    assert len(sent) == 1
    _put_raw(
        brokers, sent[0]
    )  # what the server would no longer know: the same event, another message
    working(receiver(brokers, handler), *inbox_loops([handler], 1))
    publish("a", 2)
    one.work()
    eventually(lambda: ("a", 2) in effects(), within=5)
    assert effects() == [("a", 1), ("a", 2)]


def _stream_messages(brokers: Brokers) -> list[tuple[str, bytes]]:
    broker = brokers("reader")

    async def read() -> list[tuple[str, bytes]]:
        manager = (await broker._connected()).jsm()
        last = (await manager.stream_info(broker.stream)).state.last_seq
        found = [await manager.get_msg(broker.stream, number) for number in range(1, last + 1)]
        return [(str(each.subject), each.data or b"") for each in found]

    return broker._run(read())


def _put_raw(brokers: Brokers, message: tuple[str, bytes]) -> None:
    broker = brokers("writer")

    async def put() -> None:
        await (await broker._connected()).jetstream().publish(*message)

    broker._run(put())


def test_what_another_program_sent_malformed_keeps_nothing_back(
    handler: str, brokers: Brokers, working: Working, eventually: Eventually, system: str
) -> None:
    publish("a", 1)
    one = relay(brokers)
    one.work()
    ((subject, body),) = _stream_messages(brokers)
    envelope = json.loads(body) | {"id": str(uuid4())}
    for malformed in (
        json.dumps(envelope | {"partitionkey": "k" * 5_000}).encode(),
        json.dumps(envelope | {"partitionkey": "k\0"}).encode(),
        json.dumps(envelope | {"to": "?"}).encode().replace(b"?", b"\xff"),
        json.dumps(envelope | {"data": "?"}).encode().replace(b"?", b"\xff"),
        b"\0",
    ):
        _put_raw(brokers, (subject, malformed))
    publish("a", 2)
    one.work()
    working(receiver(brokers, handler), *inbox_loops([handler], 1))
    eventually(lambda: effects() == [("a", 1), ("a", 2)], within=5)


def test_order_of_keys_holds_under_several_relays_receivers_and_handlers(
    handler: str, brokers: Brokers, working: Working, eventually: Eventually
) -> None:
    for name in ("one", "two"):
        working(relay(brokers, name))
        working(receiver(brokers, handler, name), *inbox_loops([handler], 2))

    def publish_all(prefix: str) -> None:
        for number in range(1, 41):
            for parcel in range(5):
                publish(f"{prefix}{parcel}", number)

    for thread in [in_thread(lambda each=each: publish_all(each)) for each in "xy"]:
        thread.join(30)
    eventually(lambda: len(effects()) >= 400, within=30)
    assert per_key() == {f"{x}{n}": list(range(1, 41)) for x in "xy" for n in range(5)}


def test_two_relays_share_the_partitions_and_one_takes_over_from_the_other(
    brokers: Brokers, working: Working, eventually: Eventually
) -> None:
    def shares() -> dict[str, int]:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT holder, count(*) FROM ramet_events_lease"
                " WHERE name LIKE 'outbox/%' AND until > clock_timestamp() GROUP BY 1"
            )
            return dict(cursor.fetchall())

    working(relay(brokers, "one"))
    eventually(lambda: shares() == {"one": 16}, within=5)
    second = working(relay(brokers, "two"))
    eventually(lambda: shares() == {"one": 8, "two": 8}, within=10)
    second.stop(5)
    eventually(lambda: shares() == {"one": 16}, within=10)


def test_the_broker_down_keeps_events_and_back_again_sends_them_in_order(
    handler: str,
    brokers: Brokers,
    working: Working,
    eventually: Eventually,
    nats_server: NatsServer,
) -> None:
    working(relay(brokers), receiver(brokers, handler), *inbox_loops([handler], 2))
    publish("a", 1)
    eventually(lambda: effects() == [("a", 1)], within=5)
    nats_server.kill()
    try:
        for number in range(2, 20):
            publish("a", number)
        assert count("outbox") > 0
    finally:
        nats_server.start()
    eventually(lambda: len(effects()) == 19, within=20)
    assert per_key() == {"a": list(range(1, 20))}
    eventually(lambda: count("outbox") == 0)


def test_the_database_restarted_loses_nothing(
    handler: str, brokers: Brokers, working: Working, eventually: Eventually
) -> None:
    working(relay(brokers), receiver(brokers, handler), *inbox_loops([handler], 2))
    publish("a", 1)
    eventually(lambda: effects() == [("a", 1)], within=5)
    with connection.cursor() as cursor:  # what a restart does to clients, for this database alone
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    for number in range(2, 6):
        publish("a", number)
    eventually(lambda: len(effects()) == 5, within=15)
    assert per_key() == {"a": [1, 2, 3, 4, 5]}


def outgoing(key: str, text: str = "{}") -> Outgoing:
    return Outgoing(uuid4(), "shop.orders.Placed.v1", "orders", key, text.encode())


def test_a_key_that_cannot_be_sent_keeps_back_itself_only(
    brokers: Brokers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ramet.events.relay.BATCH", 2)
    publish("bad", 1, 2, 3)
    publish("good", 1)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE ramet_events_outbox SET payload = to_json(repeat('x', 2000000))::text"
            " WHERE key = 'bad'"
        )
    one = relay(brokers)
    assert one.work() > 0
    one.work()
    assert count("outbox", "key = 'good'") == 0
    assert count("outbox", "key = 'bad'") == 3


def collect(
    broker: Any, into: list[Incoming], until: int, after: str = "", fail: bool = False
) -> None:
    def deliver(batch: Sequence[Incoming]) -> None:
        if fail:
            raise RuntimeError("not stored")
        into.extend(batch)

    deadline = time.monotonic() + 10
    broker.consume(
        "tracking",
        ["shop.orders.Placed.v1"],
        after,
        deliver,
        lambda: len(into) < until and time.monotonic() < deadline,
    )


def test_a_service_that_moved_keeps_its_place_when_the_first_reading_fails(
    handler: str, brokers: Brokers, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish("a", 1)
    one, broker = relay(brokers), brokers()
    one.work()
    durable, wanted = "tracking", ["tests.integration.events.parcels.Moved.v1"]
    seen: list[Incoming] = []
    broker.consume(durable, wanted, "", seen.extend, lambda: not seen)
    publish("a", 2)
    one.work()

    def fails(*args: Any, **kwargs: Any) -> Any:
        raise NatsTimeout

    receiving = receiver(brokers, handler)
    with monkeypatch.context() as broken:
        broken.setattr("nats.js.manager.JetStreamManager.add_consumer", fails)
        with pytest.raises(BrokerUnavailable):
            receiving.work()
    monkeypatch.setattr(receiving, "_may_proceed", lambda lease: count("inbox") == 0)
    receiving.work()
    assert count("inbox") == count("inbox", "payload LIKE '%2%'") == 1


def test_a_lost_request_for_events_does_not_silence_the_receiver(
    handler: str,
    brokers: Brokers,
    working: Working,
    eventually: Eventually,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ramet.events.brokers.nats.reception.HEARTBEAT", 0.4)
    asked: list[str] = []
    publish_really = nats.aio.client.Client.publish

    async def lose_first(self: Any, subject: str, *args: Any, **kwargs: Any) -> None:
        if ".MSG.NEXT." in subject:
            asked.append(subject)
            if len(asked) == 1:
                return
        await publish_really(self, subject, *args, **kwargs)

    monkeypatch.setattr(nats.aio.client.Client, "publish", lose_first)
    working(receiver(brokers, handler), *inbox_loops([handler], 1))
    publish("a", 1)
    relay(brokers).work()
    eventually(lambda: effects() == [("a", 1)], within=6)


def test_a_quiet_stream_is_not_taken_for_a_lost_request(
    brokers: Brokers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ramet.events.brokers.nats.reception.HEARTBEAT", 0.2)
    begun = time.monotonic()
    broker = brokers()
    broker.consume(
        "tracking",
        ["shop.orders.Placed.v1"],
        "",
        lambda batch: None,
        lambda: time.monotonic() < begun + 2,
    )
    assert time.monotonic() - begun < 4  # heartbeats do not keep `proceed` from being asked


def test_a_stream_that_was_lost_is_read_from_its_beginning(brokers: Brokers) -> None:
    broker = brokers()
    broker.send([outgoing("a", "1")])
    received: list[Incoming] = []
    collect(broker, received, 1)

    async def delete() -> None:
        await (await broker._connected()).jsm().delete_stream(broker.stream)

    broker._run(delete())
    after = received[0].position
    received.clear()
    broker_again = brokers("again")
    broker_again.send([outgoing("a", "2")])
    collect(broker_again, received, 1, after=after)
    assert [each.body for each in received] == [b"2"]


@pytest.mark.parametrize("more", [1, 3])
def test_a_stream_that_was_restored_without_its_end_is_read_from_its_beginning(
    brokers: Brokers, nats_server: NatsServer, tmp_path: Path, more: int
) -> None:
    """Whether or not new events have reached the number of the last one that was read."""
    store, copy = nats_server.folder / "store", tmp_path / "store"
    brokers("first").send([outgoing("a", "1")])
    nats_server.kill()
    shutil.copytree(store, copy)
    nats_server.start()
    received: list[Incoming] = []
    lost = brokers("lost")
    lost.send([outgoing("a", "2"), outgoing("a", "3")])
    collect(lost, received, 3)
    nats_server.kill()
    shutil.rmtree(store)
    copy.rename(store)
    nats_server.start()
    again = brokers("again")
    again.send([outgoing("a", f"new {number}") for number in range(more)])
    after = received[-1].position
    received.clear()
    with capture_logs() as log:
        collect(again, received, 1 + more, after=after)
    assert [each.body for each in received] == [
        b"1",
        *(f"new {number}".encode() for number in range(more)),
    ]
    assert "events.stream_lost_its_end" in [each["event"] for each in log]


@pytest.mark.parametrize("has_id", [True, False])
def test_a_position_whose_event_is_no_longer_kept_or_that_has_no_id_is_one(
    brokers: Brokers, has_id: bool
) -> None:
    broker = brokers()
    broker.send([outgoing("a", str(number)) for number in range(3)])
    received: list[Incoming] = []
    collect(broker, received, 3)
    after = received[1].position
    if has_id:

        async def remove() -> None:
            manager = (await broker._connected()).jsm()
            await manager.delete_msg(broker.stream, 2)

        broker._run(remove())
    else:
        after = after.rpartition("/")[0]
    received.clear()
    collect(broker, received, 1, after=after)
    assert [each.body for each in received] == [b"2"]


def test_a_receiver_that_lost_its_lease_stores_nothing(handler: str, brokers: Brokers) -> None:
    first = Leases("first", 15)
    (lease,) = first.take(["receive/tracking"])
    one = receiver(brokers, handler)
    one._leases = first
    with connection.cursor() as cursor:
        cursor.execute("UPDATE ramet_events_lease SET until = now() - interval '1 second'")
    assert Leases("second", 15).take(["receive/tracking"])[0].epoch == lease.epoch + 1
    from ramet.events.receiver import LeaseLost

    with pytest.raises(LeaseLost):
        one._store([Incoming(b"{}", "made/9")], lease)
    assert count("lease", "position <> ''") == 0


def test_a_half_open_connection_is_given_up_for_a_new_one(
    nats_server: NatsServer, system: str, monkeypatch: pytest.MonkeyPatch, eventually: Eventually
) -> None:
    assert 3 * nats_broker.PING <= 15
    monkeypatch.setattr(nats_broker, "PING", 0.3)
    monkeypatch.setattr(nats_broker, "ANSWER", 1.0)
    proxy = Proxy(int(nats_server.url.rpartition(":")[2]))
    host = nats_server.url.rpartition(":")[0]
    broker = NatsBroker(f"{host}:{proxy.port}", system, instance="one", keeps_days=1)

    def is_sent() -> bool:
        event = Outgoing(uuid4(), "a.b.Moved.v1", "django", "a", b"{}")
        try:
            return broker.send([event]) == {event.id}
        except BrokerUnavailable:
            return False

    try:
        assert is_sent()
        assert proxy.silence() == 1
        eventually(is_sent, within=10)
    finally:
        broker.close()
        proxy.close()
