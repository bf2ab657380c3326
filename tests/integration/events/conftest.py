"""A real PostgreSQL database and a real NATS server for the tests of events."""

from __future__ import annotations

import contextlib
import threading
import uuid
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from django.core.management import call_command
from django.db import connection, connections
from pytest_django.plugin import DjangoDbBlocker

from ramet.events import subscription, worker
from ramet.events.brokers.nats import NatsBroker
from tests.conftest import Databases
from tests.integration.events.servers.nats import NatsServer


@pytest.fixture(scope="session")
def database_url(postgres: Databases, django_db_blocker: DjangoDbBlocker) -> str:
    """A database with the tables of events, and Django's default connection to it."""
    url = postgres.create_database("events")
    with django_db_blocker.unblock(), default_database(url):
        call_command("migrate", "ramet_events", verbosity=0)
        call_command("migrate", "ramet_audit", verbosity=0)
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE TABLE effect (seq bigserial, handler text, key text, number int)"
            )
        connection.close()
    return url


@pytest.fixture
def database(database_url: str, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """That database, empty, for one test; transactions in it are real."""
    with django_db_blocker.unblock(), default_database(database_url):
        with connection.cursor() as cursor:
            cursor.execute(
                "TRUNCATE effect, ramet_events_outbox, ramet_events_inbox, ramet_events_lease,"
                " ramet_events_scheduled"
            )
        yield database_url


@contextlib.contextmanager
def default_database(url: str) -> Iterator[None]:
    """Point Django's default connection at `url`, in every thread."""
    parts = urlsplit(url)
    former = connections.settings["default"]
    connections["default"].close()
    del connections["default"]
    connections.settings["default"] = {
        **former,
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.removeprefix("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parse_qs(parts.query)["host"][0],
        "PORT": parse_qs(parts.query).get("port", [""])[0],
        "CONN_MAX_AGE": None,
    }
    try:
        yield
    finally:
        connections["default"].close()
        del connections["default"]
        connections.settings["default"] = former


@pytest.fixture(scope="session")
def nats_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    server = NatsServer(tmp_path_factory.mktemp("nats"))
    server.start()
    try:
        yield server
    finally:
        server.kill()


@pytest.fixture
def system() -> str:
    """A system's name of its own for each test, and so a stream of its own."""
    return f"test-{uuid.uuid4().hex[:8]}"


Brokers = Callable[..., NatsBroker]


@pytest.fixture
def brokers(nats_server: NatsServer, system: str) -> Iterator[Brokers]:
    """Makes connections of this test's system, and closes them at its end."""
    made: list[NatsBroker] = []

    def make(name: str = "test") -> NatsBroker:
        made.append(NatsBroker(nats_server.url, system, instance=name, keeps_days=1))
        return made[-1]

    yield make
    for broker in made:
        broker.close()


@pytest.fixture(autouse=True)
def subscriptions(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """No subscription of one test is seen by another."""
    empty: dict[str, Any] = {}
    monkeypatch.setattr(subscription, "_subscriptions", empty)
    return empty


@pytest.fixture
def working() -> Iterator[Callable[..., worker.Worker]]:
    """Starts workers with the given loops, and stops them at the end of the test."""
    workers: list[worker.Worker] = []

    def start(*loops: worker.Loop) -> worker.Worker:
        workers.append(worker.Worker(loops))
        workers[-1].start()
        return workers[-1]

    yield start
    for each in workers:
        each.stop(5)


def effects(handler: str | None = None) -> list[tuple[str, int]]:
    """(key, number) of every effect, in the order in which they were committed."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT key, number FROM effect WHERE handler = %s OR %s::text IS NULL ORDER BY seq",
            [handler, handler],
        )
        return list(cursor.fetchall())


def have_effect(key: str, number: int, handler: str = "") -> None:
    """What a handler of the tests does."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO effect (handler, key, number) VALUES (%s, %s, %s)", [handler, key, number]
        )


def count(table: str, where: str = "true") -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM ramet_events_{table} WHERE {where}")
        return int(cursor.fetchone()[0])


def in_thread(function: Callable[[], None]) -> threading.Thread:
    """Run with a database connection of its own, which is closed at the end."""

    def run() -> None:
        try:
            function()
        finally:
            connections.close_all()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread
