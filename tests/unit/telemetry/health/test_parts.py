"""What each part of Ramet looks at."""

import itertools
import socket
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection

from ramet.calls import health as calls
from ramet.events import health as events
from ramet.events.worker import Loop, Worker
from ramet.identity import KeysUnavailable, keys
from ramet.telemetry.health import live
from ramet.telemetry.health.checking import LONGEST
from ramet.telemetry.health.databases import checks as database_checks
from ramet.telemetry.health.questions import forget


def outcome(checks: list[Any], name: str) -> Any:
    return next(each for each in checks if each.name == name)._ask()


@pytest.fixture
def _calls() -> Iterator[None]:
    calls._failures.clear()
    yield
    calls._failures.clear()


@pytest.mark.usefixtures("_calls")
def test_a_service_that_is_away_is_told_until_a_call_succeeds() -> None:
    calls.answered("users", "ok")
    assert outcome(calls.checks(), "calls").status == "pass"
    calls.answered("products", "unavailable")
    calls.answered("payments", "permission_denied")  # it said no; it is there
    found = outcome(calls.checks(), "calls")
    assert found.status == "warn"
    assert found.text.startswith("the last call failed: products (unavailable, 0 s ago)")
    assert "payments" not in found.text
    calls.answered("products", "ok")
    assert outcome(calls.checks(), "calls").status == "pass"


@pytest.mark.usefixtures("_calls")
def test_an_old_failure_is_no_news(monkeypatch: pytest.MonkeyPatch) -> None:
    calls.answered("products", "deadline_exceeded")
    monkeypatch.setattr(calls, "REMEMBERED", -1.0)
    assert outcome(calls.checks(), "calls").status == "pass"


class Issuer:
    """Fails, or answers without a key, and counts."""

    def __init__(self) -> None:
        self.fetches = 0
        self.is_away = False

    def fetch(self) -> dict[str, Any]:
        self.fetches += 1
        if self.is_away:
            raise KeysUnavailable("down")
        return {}


@pytest.fixture
def issuer(monkeypatch: pytest.MonkeyPatch) -> Issuer:
    issuer = Issuer()
    monkeypatch.setattr(calls, "_expects_tokens", False)
    monkeypatch.setattr(
        keys, "_cache", keys.KeyCache(issuer.fetch, itertools.count(0, 60).__next__)
    )
    gateway = SimpleNamespace(issuer="users")
    place = SimpleNamespace(system=SimpleNamespace(gateway=gateway))
    monkeypatch.setattr(calls, "here", lambda: place)
    return issuer


def test_who_serves_requests_has_keys_before_it_is_ready(issuer: Issuer) -> None:
    calls.expect_tokens()
    assert outcome(calls.checks(), "keys").status == "pass"
    assert outcome(calls.checks(), "keys").status == "pass"
    assert issuer.fetches == 1


def test_keys_that_cannot_be_had_are_told_and_asked_for_again(issuer: Issuer) -> None:
    calls.expect_tokens()
    issuer.is_away = True
    assert outcome(calls.checks(), "keys").status == "warn"
    issuer.is_away = False
    assert outcome(calls.checks(), "keys").status == "pass"


def test_who_serves_no_requests_asks_for_no_keys(issuer: Issuer) -> None:
    issuer.is_away = True
    assert outcome(calls.checks(), "keys").status == "pass"
    assert issuer.fetches == 0


def test_a_system_without_an_issuer_has_nobody_to_ask(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls.expect_tokens()
    monkeypatch.setattr(calls.here().system.gateway, "issuer", None)
    assert outcome(calls.checks(), "keys").status == "pass"
    assert issuer.fetches == 0


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    server = socket.create_server(("127.0.0.1", 0))
    url = f"nats://user:s3cret@127.0.0.1:1,127.0.0.1:{server.getsockname()[1]}"
    monkeypatch.setattr(events, "surroundings", lambda: SimpleNamespace(broker_url=url))
    yield server
    server.close()


def test_a_broker_is_there_when_one_of_its_servers_is(broker: socket.socket) -> None:
    assert outcome(events.checks(), "broker").status == "pass"


def test_servers_that_hang_hide_no_other(
    broker: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = socket.create_connection
    hanging = [0.0]

    def slow(address: tuple[str, int], timeout: float) -> socket.socket:
        if address[0] != "127.0.0.1":
            hanging[0] += timeout
            raise TimeoutError
        return connect(address, timeout)

    url = f"nats://a,b,c,127.0.0.1:{broker.getsockname()[1]}"
    monkeypatch.setattr(events, "surroundings", lambda: SimpleNamespace(broker_url=url))
    monkeypatch.setattr(socket, "create_connection", slow)
    assert outcome(events.checks(), "broker").status == "pass"
    assert hanging[0] < LONGEST


def test_without_a_broker_a_worker_is_unready_and_a_web_process_is_not(
    broker: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker.close()
    monkeypatch.setattr(events, "_has_worker", False)
    found = outcome(events.checks(), "broker")
    assert (found.status, found.text) == ("warn", "no server of it answers")
    monkeypatch.setattr(events, "_has_worker", True)
    assert outcome(events.checks(), "broker").status == "fail"


def test_a_database_as_a_broker_is_looked_at_as_a_database(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url = "postgresql://u:p@h/x"
    monkeypatch.setattr(events, "surroundings", lambda: SimpleNamespace(broker_url=url))
    assert events.checks() == []


class Idle(Loop):
    name = "idle"

    def work(self) -> float | None:
        return None


def test_a_worker_lives_while_its_loops_and_its_pulse_do(monkeypatch: pytest.MonkeyPatch) -> None:
    forget()
    monkeypatch.setattr("ramet.events.worker.Pulse", lambda: pulse)
    pulse = SimpleNamespace(silence=0.5, start=lambda: None, stop=lambda timeout: None)
    worker = Worker([Idle()])
    worker.start()
    try:
        assert live().status == "pass"
        pulse.silence = events.LONGEST_SILENCE + 1
        assert live().checks["worker"].text == "no pulse for 61 s"
        pulse.silence = 0.5
        monkeypatch.setattr(worker, "_threads", {"idle": SimpleNamespace(is_alive=lambda: False)})
        assert live().checks["worker"].text == "ended: idle"
        monkeypatch.undo()
    finally:
        worker.stop(5)
        forget()
        events._begin_anew()


@pytest.mark.django_db(transaction=True)
def test_a_migration_that_is_not_applied_makes_a_process_unready() -> None:
    assert outcome(database_checks(), "migrations:default").status == "pass"
    with connection.cursor() as cursor:
        row = "WHERE app = 'ramet_sagas' AND name LIKE '0001%%'"
        cursor.execute(f"UPDATE django_migrations SET name = 'gone' {row}")
    try:
        found = outcome(database_checks(), "migrations:default")
        assert (found.status, found.text) == ("fail", "1 not applied: ramet_sagas.0001_initial")
    finally:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE django_migrations SET name='0001_initial' WHERE name='gone'")
