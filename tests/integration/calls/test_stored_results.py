"""Stored results are forgotten in time, by the clock of the database."""

import time
from datetime import timedelta

import pytest
from depot.contract import Depot
from django.db import OperationalError, connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext

import ramet
from ramet.calls import idempotency
from ramet.calls.models import StoredResult
from tests.integration.calls.conftest import IN_PROCESS, effects

pytestmark = pytest.mark.usefixtures("placement")


def _age(label: str, by: timedelta) -> None:
    StoredResult.objects.filter(key=label).update(created_at=Now() - by)


def test_a_result_is_kept_for_a_week(label: str) -> None:
    client = ramet.client(Depot, idempotency_key=label)
    client.record(label)
    _age(label, idempotency.KEPT - timedelta(minutes=1))
    idempotency.forget()
    assert client.record(label) == 1


def test_a_result_is_forgotten_after_a_week(label: str) -> None:
    client = ramet.client(Depot, idempotency_key=label)
    client.record(label)
    _age(label, idempotency.KEPT + timedelta(minutes=1))
    assert idempotency.forget() == 1
    assert client.record(label) == 2


def test_at_most_so_many_are_forgotten_at_once(label: str) -> None:
    for number in range(3):
        ramet.client(Depot, idempotency_key=f"{label}{number}").record(label)
        _age(f"{label}{number}", timedelta(days=30))
    assert [idempotency.forget(at_most=2), idempotency.forget(), idempotency.forget()] == [2, 1, 0]


@pytest.fixture
def just_started(placement: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """This process as one that has not cleaned up yet; the other one does that for itself."""
    if placement != IN_PROCESS:
        pytest.skip("the other process has its own clock")
    monkeypatch.setattr(idempotency, "_forget_next", 0.0)


def _store(label: str, *, old: bool = False) -> None:
    ramet.client(Depot, idempotency_key=label).record(label)
    if old:
        _age(label, timedelta(days=30))


def _is_stored(label: str) -> bool:
    return StoredResult.objects.filter(key=label).exists()


def test_the_first_result_that_a_process_stores_forgets_old_ones(
    just_started: None, label: str
) -> None:
    StoredResult.objects.create(operation="x", key=f"{label}old", answer="{}")
    _age(f"{label}old", timedelta(days=30))
    _store(label)
    assert not _is_stored(f"{label}old")
    assert _is_stored(label)


def test_later_ones_cost_no_query_until_an_hour_has_passed(
    just_started: None, label: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _store(f"{label}first")
    with CaptureQueriesContext(connection) as ordinary:
        _store(f"{label}old", old=True)
    assert not any("DELETE" in query["sql"] for query in ordinary)
    monkeypatch.setattr(idempotency, "_forget_next", time.monotonic())
    _store(f"{label}later")
    assert not _is_stored(f"{label}old")
    assert 3590 < idempotency._forget_next - time.monotonic() <= 3600


def test_after_a_full_batch_the_next_one_comes_soon(
    just_started: None, label: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idempotency, "_forget_next", time.monotonic() + 60)
    for number in range(3):
        _store(f"{label}{number}", old=True)
    monkeypatch.setattr(idempotency, "_BATCH", 2)
    monkeypatch.setattr(idempotency, "_forget_next", 0.0)
    _store(f"{label}now")
    assert StoredResult.objects.filter(key__startswith=label).count() == 2
    assert idempotency._forget_next - time.monotonic() <= 1


def test_a_clean_up_that_fails_does_not_fail_the_call(
    just_started: None, label: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_: object) -> int:
        raise OperationalError("away")

    monkeypatch.setattr(idempotency, "forget", fail)
    _store(label)
    assert effects(label) == 1
