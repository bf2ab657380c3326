"""The relay against brokers that acknowledge in part, not at all, or not for an hour."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import pytest
from django.db import Error as DatabaseProblem
from django.db import connection, transaction

import ramet
from ramet import failpoints
from ramet.events import leases as leases_module
from ramet.events import relay as relay_module
from ramet.events import sql
from ramet.events.brokers import BrokerUnavailable, Capabilities, Outgoing
from ramet.events.inbox import inbox_loops
from ramet.events.leases import Leases
from ramet.events.receiver import Receiver
from ramet.events.relay import Relay
from ramet.events.subscription import subscription_of
from ramet.events.surroundings import surroundings
from ramet.tools.local.postgres import Postgres
from tests.integration.events.conftest import (
    Brokers,
    count,
    default_database,
    effects,
    have_effect,
    in_thread,
)
from tests.integration.events.parcels.events import Moved

Eventually = Callable[..., Any]


class Unreliable:
    """A broker that stores what `takes` says, in the order of each key, and may not answer."""

    capabilities = Capabilities(
        "Unreliable", key_order=True, replay=True, delay=False, largest=1_000_000
    )

    def __init__(self) -> None:
        self.stored: list[tuple[str, UUID]] = []
        self.takes: Callable[[Outgoing], bool] = lambda event: True
        self.answers = True

    def send(self, batch: Sequence[Outgoing]) -> set[UUID]:
        acknowledged: set[UUID] = set()
        refused: set[str] = set()
        for event in batch:
            if event.key in refused or not self.takes(event):
                refused.add(event.key)
                continue
            self.stored.append((event.key, event.id))
            acknowledged.add(event.id)
        if not self.answers:
            raise BrokerUnavailable("the connection was lost before the acknowledgements")
        return acknowledged

    def close(self) -> None: ...


@pytest.fixture
def broker() -> Unreliable:
    return Unreliable()


def relay_of(broker: Any, holder: str = "one") -> Relay:
    return Relay(broker, Leases(holder, 15), surroundings())


def publish(key: str, *numbers: int) -> None:
    with transaction.atomic():
        ramet.publish(*(Moved(parcel=key, number=number) for number in numbers))


def published() -> list[tuple[str, UUID]]:
    return [
        (key, event_id)
        for key, event_id in sql.rows("SELECT key, event_id FROM ramet_events_outbox ORDER BY seq")
    ]


@pytest.mark.usefixtures("database")
def test_a_batch_that_is_confirmed_in_part_resends_the_rest_in_order(broker: Unreliable) -> None:
    publish("a", 1, 2, 3)
    publish("b", 1, 2)
    publish("c", 1)
    wanted = published()
    first_of_a, second_of_b = wanted[0][1], wanted[4][1]
    broker.takes = lambda event: event.id not in (wanted[1][1], wanted[3][1])
    one = relay_of(broker)
    assert one.work() == 0
    assert [each for _, each in broker.stored] == [first_of_a, wanted[5][1]]
    assert published() == [wanted[1], wanted[2], wanted[3], wanted[4]]

    broker.takes = lambda event: event.id != second_of_b
    one._waiting.clear()  # as if their pause were over
    one.work()
    assert published() == [wanted[4]]
    broker.takes = lambda event: True
    one._waiting.clear()
    one.work()
    assert published() == []
    for key in "abc":
        assert [e for k, e in broker.stored if k == key] == [e for k, e in wanted if k == key]


@pytest.mark.usefixtures("database")
def test_without_an_answer_nothing_is_deleted_and_all_is_sent_again(broker: Unreliable) -> None:
    publish("a", 1, 2)
    wanted = published()
    broker.answers = False
    one = relay_of(broker)
    with pytest.raises(BrokerUnavailable):
        one.work()
    assert published() == wanted
    broker.answers = True
    one.work()
    assert published() == []
    assert broker.stored == wanted * 2  # under the same ids, for the inbox to know


@pytest.mark.usefixtures("database")
def test_a_lease_renewed_in_the_middle_lets_no_event_overtake_within_its_key(
    broker: Unreliable, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not held when the first event was looked at, held again when the second was."""
    publish("a", 1, 2)
    wanted = published()
    one = relay_of(broker)
    one._balance()
    held, asked = one._leases.held, []

    def wavers(name: str) -> Any:
        asked.append(name)
        return None if len(asked) == relay_module.PARTITIONS + 1 else held(name)

    monkeypatch.setattr(one, "_balance", lambda: None)
    monkeypatch.setattr(one._leases, "held", wavers)
    one.work()
    one._waiting.clear()
    one.work()
    assert broker.stored == wanted


@pytest.mark.usefixtures("database")
def test_a_late_commit_of_a_lower_number_is_sent_too(broker: Unreliable) -> None:
    one = relay_of(broker)
    with transaction.atomic():
        publish("late", 1)
        in_thread(lambda: publish("early", 1)).join(5)
        in_thread(lambda: (one.work(), None)[1]).join(5)
        assert [key for key, _ in broker.stored] == ["early"]
    one.work()
    assert [key for key, _ in broker.stored] == ["early", "late"]
    assert published() == []


@pytest.mark.usefixtures("database")
def test_a_broker_away_for_an_hour_gets_the_backlog_in_order(
    broker: Unreliable, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An hour of the relay's clock, at the pace of its longest back-off."""

    class Clock:
        now = 1_000.0

        def monotonic(self) -> float:
            return self.now

    clock = Clock()
    monkeypatch.setattr(relay_module, "time", clock)
    monkeypatch.setattr(leases_module, "time", clock)
    one = relay_of(broker)
    broker.answers, broker.takes = False, lambda event: False
    begun, rounds = clock.now, 0
    while clock.now < begun + 3_600:
        if rounds % 12 == 0:
            publish(f"key-{rounds % 5}", rounds)
        with pytest.raises(BrokerUnavailable):
            one.work()
        clock.now += 5
        one._leases.renew()
        rounds += 1
    sql.run("UPDATE ramet_events_outbox SET time = time - interval '1 hour'")
    wanted = published()
    assert len(wanted) == 60

    broker.answers, broker.takes = True, lambda event: True
    one.work()
    assert broker.stored == wanted
    assert published() == []


def test_the_database_restarted_in_the_middle_of_a_relay_loses_and_doubles_nothing(
    brokers: Brokers,
    working: Callable[..., Any],
    eventually: Eventually,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    django_db_blocker: Any,
) -> None:
    """After the broker has the events and before the outbox knows: a real restart."""
    from django.core.management import call_command

    folder = tmp_path_factory.mktemp("restarted")
    server = Postgres(folder / "data", folder / "run", folder / "postgres.log")
    server.start()
    restarted = threading.Event()

    def restart(place: str) -> None:
        if place == "relay.after-send" and not restarted.is_set():
            restarted.set()
            server.stop()
            server.start()

    try:
        with (
            django_db_blocker.unblock(),
            default_database(server.create_database("restarted")),
        ):
            call_command("migrate", "ramet_events", verbosity=0)
            with connection.cursor() as cursor:
                cursor.execute(
                    "CREATE TABLE effect (seq bigserial, handler text, key text, number int)"
                )

            @ramet.subscribe(Moved, name="tracker")
            def track(event: Moved) -> None:
                have_effect(event.parcel, event.number)

            wanted = subscription_of("tracker")
            assert wanted is not None
            publish("a", 1, 2, 3)
            connection.close()
            monkeypatch.setattr(failpoints, "on_reached", restart)
            held = Leases("one", 15)
            worker = working(
                Relay(brokers(), held, surroundings()),
                Receiver("tracking", [wanted], brokers("two"), held),
                *inbox_loops(["tracker"], 2),
            )
            assert restarted.wait(10)
            eventually(
                lambda: _answers() and effects() == [("a", 1), ("a", 2), ("a", 3)], within=20
            )
            eventually(lambda: count("outbox") == 0, within=10)
            worker.stop(5)
    finally:
        server.stop()


def _answers() -> bool:
    try:
        connection.ensure_connection()
        return connection.is_usable()
    except DatabaseProblem:  # it is starting
        connection.close()
        return False
