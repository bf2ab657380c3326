"""What is PostgreSQL's own as a broker."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from structlog.testing import capture_logs

from ramet.events.brokers import Broker
from ramet.events.brokers.postgres import tables
from tests.integration.events.brokers.conftest import Connect
from tests.integration.events.brokers.wire import bodies, event, received
from tests.integration.events.servers.postgres import PostgresServer
from tests.integration.events.servers.server import TYPE
from tests.integration.fire.pgbouncer import POOL, PgBouncer

pytestmark = pytest.mark.parametrize("server", [PostgresServer], indirect=True)

Eventually = Callable[..., Any]


def test_what_commits_late_is_neither_passed_over_nor_overtaken(
    broker: Broker, server: PostgresServer, system: str, eventually: Eventually
) -> None:
    with psycopg.connect(server.url) as late:
        row = late.execute(tables.TAKE_NUMBERS, [1, system]).fetchone()
        assert row is not None
        late.execute(tables.APPEND, [system, [row[0]], [uuid4()], [TYPE], ["a"], [b"late"]])
        other = threading.Thread(target=broker.send, args=([event("b", "after it")],))
        other.start()
        with psycopg.connect(server.url, autocommit=True) as watch:
            waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            eventually(lambda: watch.execute(waiting).fetchone())
        late.commit()
        other.join(10)
    assert bodies(received(broker, until=2)) == ["late", "after it"]


def test_what_is_older_than_it_is_kept_is_removed_and_the_rest_is_not(
    broker: Broker, server: PostgresServer, system: str
) -> None:
    broker.send([event("a", "old"), event("a", "new")])
    with psycopg.connect(server.url) as connection:
        connection.execute(
            "UPDATE ramet_broker_event SET stored_at = now() - interval '25 hours'"
            " WHERE system = %s AND body = 'old'",
            [system],
        )
    another = server.connect(system)
    another.send([])
    another.close()
    assert bodies(received(broker, until=2, within=1)) == ["new"]


@pytest.mark.parametrize("statement", ["FORGET", "NOTIFY"])
def test_an_error_after_the_commit_does_not_have_the_events_sent_again(
    broker: Broker, statement: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A user without the right to delete, or a server that has not the room for notifications."""
    if statement == "FORGET":
        monkeypatch.setattr(tables, "FORGET", tables.FORGET.replace("DELETE FROM", "DELETE FRM"))
    else:
        monkeypatch.setattr("ramet.events.brokers.postgres.broker.CHANNEL", "")  # is refused
    with capture_logs() as log:
        sent = event("a", "1")
        assert broker.send([sent]) == {sent.id}
    warnings = {"FORGET": "events.old_events_not_removed", "NOTIFY": "events.readers_not_woken"}
    assert [each["event"] for each in log] == [warnings[statement]]
    broker.send([event("a", "2")])  # over a new connection
    monkeypatch.undo()
    assert bodies(received(broker, until=3, within=2)) == ["1", "2"]


@pytest.mark.parametrize("more", [1, 4])
def test_a_stream_that_was_restored_without_its_end_is_read_from_its_beginning(
    broker: Broker, server: PostgresServer, system: str, more: int
) -> None:
    """Whether or not new events have passed the number of the last one that was read."""
    broker.send([event("a", str(number)) for number in range(3)])
    last = received(broker, until=3)[-1].position
    with psycopg.connect(server.url) as connection:
        connection.execute(
            "DELETE FROM ramet_broker_event WHERE system = %s AND number > 1", [system]
        )
        connection.execute("UPDATE ramet_broker_stream SET last = 1 WHERE system = %s", [system])
    broker.send([event("a", f"new {number}") for number in range(more)])
    expected = ["0", *(f"new {number}" for number in range(more))]
    assert bodies(received(broker, until=1 + more, after=last, within=5)) == expected


@pytest.mark.parametrize("has_id", [True, False])
def test_a_position_whose_event_is_no_longer_kept_or_that_has_no_id_is_one(
    broker: Broker, server: PostgresServer, system: str, has_id: bool
) -> None:
    broker.send([event("a", str(number)) for number in range(3)])
    after = received(broker, until=3)[1].position
    if has_id:
        with psycopg.connect(server.url) as connection:
            connection.execute(
                "DELETE FROM ramet_broker_event WHERE system = %s AND number < 3", [system]
            )
    else:
        after = after.rpartition("/")[0]
    assert bodies(received(broker, until=1, after=after)) == ["2"]


def test_acknowledged_is_on_disk_even_where_the_server_prefers_speed(
    broker: Broker, server: PostgresServer, system: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    append = broker._append  # type: ignore[attr-defined]

    def look(connection: psycopg.Connection, events: Any) -> None:
        connection.execute("SET synchronous_commit = off")
        with connection.transaction():
            append(connection, events)
            row = connection.execute("SHOW synchronous_commit").fetchone()
            assert row is not None
            seen.append(row[0])

    monkeypatch.setattr(broker, "_append", look)
    broker.send([event("a", "1")])
    assert seen == ["on"]


@pytest.mark.filterwarnings("ignore:using .notifies")
def test_the_connection_that_sends_keeps_no_notifications(broker: Broker) -> None:
    broker.send([event("a", "1")])
    connection = broker._sender  # type: ignore[attr-defined]
    connection.execute("LISTEN ramet_broker")  # as another program may have left it in a pool
    broker.send([event("a", "2")])
    assert list(connection.notifies(timeout=0.1)) == []


@pytest.mark.skipif(
    PgBouncer.binary() is None, reason="no PgBouncer here (apt-get install pgbouncer)"
)
def test_behind_a_pooler_it_works_and_leaves_no_connection_listening(
    connect: Connect, server: PostgresServer, tmp_path: Path
) -> None:
    bouncer = PgBouncer(server.url, tmp_path)
    bouncer.start()
    try:
        pooled = connect(url=bouncer.url)
        pooled.send([event("a", "1")])
        with capture_logs() as log:
            assert bodies(received(pooled, until=1)) == ["1"]
        assert [each["event"] for each in log] == ["events.behind_a_pooler"]
        with contextlib.ExitStack() as stack:
            for _ in range(POOL):  # each in a transaction, so on a server connection of its own
                client = psycopg.connect(bouncer.url, prepare_threshold=None)
                stack.enter_context(client)
                assert client.execute("SELECT pg_listening_channels()").fetchall() == []
    finally:
        bouncer.stop()
