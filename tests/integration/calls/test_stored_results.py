"""Stored results are forgotten in time, by the clock of the database."""

from datetime import timedelta

import pytest
from depot.contract import Depot
from django.db.models.functions import Now

import ramet
from ramet.calls import idempotency
from ramet.calls.models import StoredResult
from tests.integration.calls.conftest import effects

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


def test_storing_results_forgets_old_ones_now_and_then(
    label: str, placement: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if placement != "in process":
        pytest.skip("the other process counts for itself")
    monkeypatch.setattr(idempotency, "_FORGET_EVERY", 1)
    ramet.client(Depot, idempotency_key=f"{label}old").record(label)
    _age(f"{label}old", timedelta(days=30))
    ramet.client(Depot, idempotency_key=label).record(label)
    assert not StoredResult.objects.filter(key=f"{label}old").exists()
    assert effects(label) == 2
