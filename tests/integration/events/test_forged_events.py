"""No service can speak for another one: the broker refuses it, and nobody would believe it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import nats
import nats.errors
import nats.js.errors
import pytest
from django.db import transaction
from structlog.testing import capture_logs

import ramet
from ramet.events import dead_letters
from ramet.events.brokers.nats import NatsBroker
from ramet.events.errors import InvalidEvent
from ramet.events.inbox import inbox_loops
from ramet.events.leases import Leases
from ramet.events.receiver import Receiver
from ramet.events.relay import Relay
from ramet.events.subscription import subscription_of
from ramet.events.surroundings import Surroundings
from ramet.events.worker import Worker
from ramet.placement.messaging import Messaging
from ramet.tools.local.broker_rights import Rights, rights
from ramet.tools.local.nats import Nats
from tests.integration.events.conftest import count, effects, have_effect
from tests.integration.events.parcels.events import Moved
from tests.integration.local.conftest import wait_for

pytestmark = pytest.mark.usefixtures("database")

Eventually = Callable[..., Any]
Working = Callable[..., Worker]

SYSTEM, STREAM = "mill", "mill-events"
MOVED = "tests.integration.events.parcels.Moved.v1"
FOUND = Messaging(
    publishers=frozenset({"parcels", "payments"}), subscribers=frozenset({"tracking", "payments"})
)


class Mill(Surroundings):
    """The system as every process of it sees it: parcels owns the events of this folder."""

    system = SYSTEM  # type: ignore[assignment]

    def service_of(self, module: str) -> str | None:
        return "parcels" if module.startswith("tests.integration.events.parcels") else "tracking"


class Elsewhere(Mill):
    """A process without the service parcels."""

    def is_here(self, service: str | None) -> bool:
        return service != "parcels"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nats]:
    folder = tmp_path_factory.mktemp("nats")
    names = ("parcels", "payments", "tracking")
    server = Nats(
        folder / "data",
        folder / "log",
        lambda: {name: rights(SYSTEM, name, [name], FOUND) for name in names},
    )
    server.launch()
    wait_for(server.is_ready, "the broker is ready")
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def emptied(server: Nats, database: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test has the stream for itself."""
    for module in ("receiver", "publishing"):
        monkeypatch.setattr(f"ramet.events.{module}.surroundings", lambda: Mill(None))

    async def purge() -> None:
        client = await nats.connect(server.url())
        try:
            await client.jsm().delete_stream(STREAM)
        except nats.js.errors.NotFoundError:
            pass
        await client.close()

    asyncio.run(purge())


@pytest.fixture
def brokers(server: Nats) -> Iterator[Callable[[str], NatsBroker]]:
    made: list[NatsBroker] = []

    def make(user: str) -> NatsBroker:
        made.append(NatsBroker(server.url(user), SYSTEM, instance=user, keeps_days=1))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def tracking(brokers: Callable[[str], NatsBroker], working: Working) -> None:
    """A service that listens to what parcels say."""

    @ramet.subscribe(Moved, name="tracker")
    def track(event: Moved) -> None:
        have_effect(event.parcel, event.number, "tracker")

    subscription = subscription_of("tracker")
    assert subscription is not None
    receiver = Receiver("tracking", [subscription], brokers("tracking"), Leases("one", 15))
    working(receiver, *inbox_loops(["tracker"], 1))


def publish(parcel: str, number: int) -> None:
    with transaction.atomic():
        ramet.publish(Moved(parcel=parcel, number=number))


def forged(**attributes: str) -> bytes:
    event = {
        "specversion": "1.0",
        "id": str(uuid4()),
        "source": f"/{SYSTEM}/parcels",
        "type": MOVED,
        "partitionkey": "a",
        "data": {"parcel": "a", "number": 99, "to": "me"},
    }
    return json.dumps(event | attributes).encode()


async def done(client: nats.NATS) -> None:
    """Wait until the server has done all that this client has asked for.

    By a request, whose answer comes after it. Not by `flush()`: nats-py 2.16 writes its PING at
    once, past subscriptions and messages that wait to be written.
    """
    await client.request(f"$JS.API.STREAM.INFO.{STREAM}", timeout=10)


def arrives(server: Nats, user: str, subject: str, body: bytes = b"{}") -> bool:
    """Whether the server lets in what this user sends there with a plain client, not our code."""

    async def run() -> bool:
        operator = await nats.connect(server.url())
        client = await nats.connect(server.url(user), inbox_prefix=f"_INBOX.{user}")
        try:
            heard = await operator.subscribe(subject)
            await done(operator)
            await client.publish(subject, body)
            await done(client)
            await done(operator)
            return heard.pending_msgs > 0
        finally:
            await client.close()
            await operator.close()

    return asyncio.run(run())


def hears(server: Nats, user: str, subject: str, sent: str) -> bool:
    """Whether this user, who asks for `subject`, gets what an operator sends to `sent`."""

    async def run() -> bool:
        operator = await nats.connect(server.url())
        client = await nats.connect(server.url(user), inbox_prefix=f"_INBOX.{user}")
        try:
            heard = await client.subscribe(subject)
            await done(client)
            await operator.publish(sent, b"secret")
            await done(operator)
            await done(client)
            return heard.pending_msgs > 0
        finally:
            await client.close()
            await operator.close()

    return asyncio.run(run())


def stored(server: Nats) -> int:
    async def messages() -> int:
        client = await nats.connect(server.url())
        try:
            return int((await client.jsm().stream_info(STREAM)).state.messages)
        finally:
            await client.close()

    return asyncio.run(messages())


def test_with_their_rights_alone_services_send_and_receive(
    tracking: None, brokers: Callable[[str], NatsBroker], eventually: Eventually
) -> None:
    publish("a", 1)
    Relay(brokers("parcels"), Leases("one", 15), Mill(None)).work()
    eventually(lambda: effects() == [("a", 1)], within=15)
    assert count("outbox") == 0


def test_the_broker_refuses_an_event_of_another_service(
    server: Nats, brokers: Callable[[str], NatsBroker]
) -> None:
    publish("a", 1)
    Relay(brokers("parcels"), Leases("one", 15), Mill(None)).work()
    assert not arrives(server, "payments", "mill.events.parcels.Moved.v1", forged())
    assert arrives(server, "payments", "mill.events.payments.Paid.v1", b"{}"), "its own may"
    assert stored(server) == 2


def test_what_the_server_refuses_is_in_the_log_of_the_relay(
    brokers: Callable[[str], NatsBroker], monkeypatch: pytest.MonkeyPatch, eventually: Eventually
) -> None:
    monkeypatch.setattr("ramet.events.brokers.nats.broker.ANSWER", 0.5)
    publish("a", 1)

    def refusals() -> list[Any]:  # again: the server does not tell a user of each one in a row
        with capture_logs() as logs:
            Relay(brokers("payments"), Leases("one", 15), Mill(None)).work()
        return [each for each in logs if each["event"] == "events.broker_refused"]

    refused = eventually(refusals, within=20)
    assert "ramet events rights" in refused[0]["remedy"]
    assert count("outbox") == 1


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (forged(), "payments sent it"),
        (forged(source=f"/{SYSTEM}/payments"), "belongs to parcels"),
    ],
    ids=["with the producer's name", "with its own name"],
)
def test_an_event_of_another_service_under_a_subject_of_its_own_has_no_effect(
    tracking: None,
    server: Nats,
    brokers: Callable[[str], NatsBroker],
    eventually: Eventually,
    body: bytes,
    told: str,
) -> None:
    publish("a", 1)
    relay = Relay(brokers("parcels"), Leases("one", 15), Mill(None))
    relay.work()
    assert arrives(server, "payments", "mill.events.payments.Moved.v1", body)
    publish("a", 2)
    relay.work()
    eventually(lambda: effects() == [("a", 1), ("a", 2)], within=15)
    (letter,) = dead_letters.dead(dead_letters.Choice())
    assert letter["key"] == "a"
    assert told in letter["error"]


def test_what_the_server_is_made_to_say_under_the_name_of_another_service_has_no_effect(
    tracking: None, server: Nats, brokers: Callable[[str], NatsBroker], eventually: Eventually
) -> None:
    """It answers wherever a request says, also where the one who asks may not publish: with what it
    says itself, and with an event that whoever asks has sent before."""
    publish("a", 1)
    relay = Relay(brokers("parcels"), Leases("one", 15), Mill(None))
    relay.work()
    theirs = "mill.events.parcels.Moved.v1"
    consumer = {"durable_name": "payments", "filter_subject": "mill.events.payments.>"}
    consumer |= {"ack_policy": "all", "deliver_policy": "all"}

    async def run() -> None:
        client = await nats.connect(server.url("payments"), inbox_prefix="_INBOX.payments")
        try:
            await client.jetstream().publish("mill.events.payments.Moved.v1", forged())
            made = json.dumps({"stream_name": STREAM, "config": consumer}).encode()
            await client.request(f"$JS.API.CONSUMER.DURABLE.CREATE.{STREAM}.payments", made)
            await client.publish(f"$JS.API.STREAM.INFO.{STREAM}", reply=theirs)
            await client.publish(f"$JS.API.CONSUMER.MSG.NEXT.{STREAM}.payments", b"1", reply=theirs)
            await done(client)
        finally:
            await client.close()

    asyncio.run(run())
    eventually(lambda: stored(server) == 4, within=15)
    publish("a", 2)
    relay.work()
    eventually(lambda: effects() == [("a", 1), ("a", 2)], within=15)
    letters = dead_letters.dead(dead_letters.Choice())
    assert letters
    assert all("payments sent it" in letter["error"] for letter in letters)


def test_an_event_of_an_app_that_has_moved_is_kept_and_can_be_replayed(
    tracking: None, server: Nats, eventually: Eventually, brokers: Callable[[str], NatsBroker]
) -> None:
    """Its former service said it, before the move: to code from after it, that looks forged."""
    brokers("parcels").send([])  # makes the stream
    former = forged(source=f"/{SYSTEM}/depot")
    assert arrives(server, "ramet", "mill.events.depot.Moved.v1", former)
    eventually(lambda: dead_letters.dead(dead_letters.Choice()), within=15)
    assert effects() == []
    assert dead_letters.replay(dead_letters.Choice()) == 0
    assert dead_letters.replay(dead_letters.Choice(error="not from its producer")) == 1
    eventually(lambda: effects() == [("a", 99)], within=15)


@pytest.mark.parametrize(
    "subject",
    [
        f"$JS.API.STREAM.{deed}.{STREAM}"
        for deed in ("UPDATE", "DELETE", "PURGE", "MSG.DELETE", "SNAPSHOT")
    ]
    + [
        f"$JS.API.CONSUMER.{deed}.{STREAM}.tracking"
        for deed in ("DURABLE.CREATE", "CREATE", "DELETE", "MSG.NEXT")
    ]
    + [f"$JS.ACK.{STREAM}.tracking.1.1.1.0.0", "_INBOX.tracking.x", "$SYS.REQ.SERVER.PING"],
)
def test_a_service_cannot_touch_the_stream_nor_what_is_on_its_way_to_another(
    server: Nats, subject: str
) -> None:
    assert not arrives(server, "payments", subject)


@pytest.mark.parametrize(
    ("subject", "sent"),
    [
        (">", "mill.events.parcels.Moved.v1"),
        ("mill.events.>", "mill.events.parcels.Moved.v1"),
        ("_INBOX.>", "_INBOX.tracking.x"),
        ("_INBOX.tracking.>", "_INBOX.tracking.x"),
    ],
)
def test_a_service_cannot_listen_to_what_is_sent_to_another(
    server: Nats, subject: str, sent: str
) -> None:
    assert not hears(server, "payments", subject, sent)
    assert hears(server, "payments", "_INBOX.payments.x", "_INBOX.payments.x")


def test_a_process_without_the_service_cannot_even_publish_its_event(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ramet.events.publishing.surroundings", lambda: Elsewhere(None))
    with pytest.raises(InvalidEvent, match="an event of the service parcels"):
        publish("a", 1)
    assert count("outbox") == 0


def test_code_that_begins_to_publish_gets_its_rights_without_a_restart(tmp_path: Path) -> None:
    given: dict[str, Rights] = {
        "late": rights(SYSTEM, "late", ["late"], Messaging(frozenset(), frozenset()))
    }
    server = Nats(tmp_path / "data", tmp_path / "log", lambda: given)
    server.launch()
    try:
        wait_for(server.is_ready, "the broker is ready")
        pid = server.process and server.process.pid
        subject = "mill.events.late.Began.v1"
        assert not arrives(server, "late", subject)
        given["late"] = rights(
            SYSTEM, "late", ["late"], Messaging(frozenset({"late"}), frozenset())
        )
        server.renew_rights()
        wait_for(lambda: arrives(server, "late", subject), "the right is there")
        assert (server.process and server.process.pid) == pid
        assert (tmp_path / "data" / "nats.conf").stat().st_mode & 0o777 == 0o600
    finally:
        server.stop()
