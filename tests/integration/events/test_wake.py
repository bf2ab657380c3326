"""Notifications between processes: after the commit, few, and enough to work without polling."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from django.db import InterfaceError, connection, transaction

import ramet
from ramet.events import wake
from ramet.events.brokers.shared_database import Mover
from ramet.events.inbox import inbox_loops
from ramet.events.surroundings import surroundings
from ramet.tools.local.postgres import Postgres
from tests.integration.events.conftest import default_database, effects, have_effect
from tests.integration.events.parcels.events import Moved

Eventually = Callable[..., Any]


@pytest.fixture
def listener(database: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(database, autocommit=True) as other:
        other.execute(f"LISTEN {wake.CHANNEL}")
        yield other


def heard(listener: psycopg.Connection[Any], seconds: float) -> list[float]:
    """When each notification of the outbox came."""
    return [
        time.monotonic()
        for notification in listener.notifies(timeout=seconds)
        if notification.payload == "outbox"
    ]


def publish(number: int) -> None:
    with transaction.atomic():
        ramet.publish(Moved(parcel="a", number=number))


def test_other_processes_are_notified_after_the_commit_and_not_before(
    listener: psycopg.Connection[Any],
) -> None:
    with transaction.atomic():
        ramet.publish(Moved(parcel="a", number=1))
        assert heard(listener, 0.3) == []
    assert len(heard(listener, 0.5)) == 1


def test_a_rollback_notifies_nobody(listener: psycopg.Connection[Any]) -> None:
    with transaction.atomic():
        ramet.publish(Moved(parcel="a", number=1))
        transaction.set_rollback(True)
    assert heard(listener, 0.3) == []


def test_the_notifications_of_a_burst_are_coalesced(
    listener: psycopg.Connection[Any],
) -> None:
    begun = time.monotonic()
    for number in range(200):
        publish(number)
    seconds = time.monotonic() - begun
    notifications = heard(listener, 0.5)
    assert 1 < len(notifications) <= seconds / wake.INTERVAL + 3
    assert len(notifications) < 200


def test_a_lost_connection_does_not_end_the_trailing_notifications(
    listener: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch, eventually: Eventually
) -> None:
    send, failed = wake._send, []

    def fail_once(topics: Any) -> None:
        if threading.current_thread().name == "ramet-notify" and not failed:
            failed.append(topics)
            raise InterfaceError("the connection is closed")
        send(topics)

    monkeypatch.setattr(wake, "_send", fail_once)
    monkeypatch.setattr(wake, "IDLE", 5)
    for number in range(30):
        publish(number)
    eventually(lambda: failed)
    thread = wake._notifier._thread
    assert heard(listener, 0.3)
    for number in range(30):
        publish(number)
    assert len(heard(listener, 0.3)) > 1
    assert thread is not None
    assert thread.is_alive()
    assert wake._notifier._thread is thread


def test_a_worker_at_rest_holds_three_connections(
    database: str, working: Callable[..., Any], eventually: Eventually
) -> None:
    @ramet.subscribe(Moved, name="tracker")
    def track(event: Moved) -> None:
        have_effect(event.parcel, event.number)

    connection.close()
    working(Mover(surroundings()), *inbox_loops(["tracker"], 4))
    with psycopg.connect(database, autocommit=True) as other:

        def held() -> int:
            ((count,),) = other.execute(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            ).fetchall()
            return int(count)

        eventually(lambda: held() == 3, within=20)
        publish(1)
        connection.close()
        eventually(lambda: effects() == [("a", 1)])
        connection.close()
        eventually(lambda: held() == 3, within=20)


def test_a_notification_alone_brings_a_loop_of_another_process_to_work(
    database: str, working: Callable[..., Any], eventually: Eventually
) -> None:
    @ramet.subscribe(Moved, name="tracker")
    def track(event: Moved) -> None:
        have_effect(event.parcel, event.number)

    mover = Mover(surroundings())
    mover.poll = 60  # only the notification is left
    working(mover, *inbox_loops(["tracker"], 1))
    publish(1)
    eventually(lambda: len(effects()) == 1)
    with psycopg.connect(database) as other:  # as another process would: no wake-up in this one
        other.execute(
            "INSERT INTO ramet_events_outbox (event_id, type, version, key, partition, payload,"
            " headers) SELECT gen_random_uuid(), 'tests.integration.events.parcels.Moved.v1', 1,"
            " 'a', 0, '{\"parcel\":\"a\",\"number\":2}', '{}'"
        )
        other.commit()
        other.execute("SELECT pg_notify('ramet', 'outbox')")
    eventually(lambda: effects() == [("a", 1), ("a", 2)], within=3)


def test_a_worker_outlives_a_restart_of_postgresql(
    database: str,
    working: Callable[..., Any],
    eventually: Eventually,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    from django.core.management import call_command

    folder = tmp_path_factory.mktemp("restarted")
    server = Postgres(folder / "data", folder / "run", folder / "postgres.log")
    server.start()
    try:
        with default_database(server.create_database("restarted")):
            call_command("migrate", "ramet_events", verbosity=0)
            with connection.cursor() as cursor:
                cursor.execute(
                    "CREATE TABLE effect (seq bigserial, handler text, key text, number int)"
                )

            @ramet.subscribe(Moved, name="tracker")
            def track(event: Moved) -> None:
                have_effect(event.parcel, event.number)

            worker = working(Mover(surroundings()), *inbox_loops(["tracker"], 2))
            publish(1)
            eventually(lambda: len(effects()) == 1)
            server.stop()
            server.start()
            connection.close()
            publish(2)
            eventually(lambda: effects() == [("a", 1), ("a", 2)], within=15)
            worker.stop(5)
    finally:
        server.stop()


def test_a_lost_listening_connection_is_made_up_for_without_polling(
    database: str, working: Callable[..., Any], eventually: Eventually
) -> None:
    """What was notified while nobody listened is looked for once the connection is back."""

    @ramet.subscribe(Moved, name="tracker")
    def track(event: Moved) -> None:
        have_effect(event.parcel, event.number)

    mover = Mover(surroundings())
    mover.poll = 60  # only notifications, and what follows the loss of them
    working(mover, *inbox_loops(["tracker"], 1))
    publish(1)
    eventually(lambda: len(effects()) == 1)
    with psycopg.connect(database, autocommit=True) as other:
        other.execute(  # its notification is the one that is lost
            "INSERT INTO ramet_events_outbox (event_id, type, version, key, partition, payload,"
            " headers) SELECT gen_random_uuid(), 'tests.integration.events.parcels.Moved.v1', 1,"
            " 'a', 0, '{\"parcel\":\"a\",\"number\":2}', '{}'"
        )
        lost = other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND query LIKE 'LISTEN%'"
        ).fetchall()
        assert lost == [(True,)]
    eventually(lambda: effects() == [("a", 1), ("a", 2)], within=5)
