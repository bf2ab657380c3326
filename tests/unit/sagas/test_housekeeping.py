"""Runs that ended long ago are forgotten, by the database's clock and in small batches."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest
from django.db import OperationalError, connection, transaction
from django.db.models.functions import Now
from django.test import override_settings

from ramet.errors import DiagnosticError
from ramet.sagas import counting, housekeeping, registry
from ramet.sagas.housekeeping import Housekeeping, forget
from ramet.sagas.loop import SagaLoop, loops
from ramet.sagas.models import SagaRun, SagaStep
from ramet.sagas.options import options
from tests.unit.sagas.examples import OutOfStock, Trip, script

pytestmark = pytest.mark.django_db

Settle = Callable[[], None]


def ended(settle: Settle, days: float) -> SagaRun:
    with transaction.atomic():
        run_id = Trip.start(traveller=uuid.uuid4())
    settle()
    SagaRun.objects.filter(pk=run_id).update(
        created_at=Now() - timedelta(days=days + 1),
        finished_at=Now() - timedelta(days=days),
    )
    return SagaRun.objects.get(pk=run_id)


def test_a_run_that_ended_long_ago_is_forgotten_with_its_journal(settle: Settle) -> None:
    young, old = ended(settle, 89), ended(settle, 91)
    assert forget() == 1
    assert list(SagaRun.objects.all()) == [young]
    assert not SagaStep.objects.filter(run_id=old.pk).exists()
    assert young.journal.count() == 6


def test_a_compensated_run_is_forgotten_too(settle: Settle) -> None:
    script["pay"] = [OutOfStock("x")]
    ended(settle, 91)
    assert forget() == 1


def test_a_stuck_run_and_one_under_way_are_kept_however_old(settle: Settle) -> None:
    script["send"] = [OutOfStock("x")]
    with transaction.atomic():
        Trip.start(traveller=uuid.uuid4())
    settle()
    with transaction.atomic():
        Trip.start(traveller=uuid.uuid4())
    SagaRun.objects.update(created_at=Now() - timedelta(days=1000))
    assert forget() == 0
    assert SagaRun.objects.count() == 2


def test_how_long_runs_are_kept_is_a_setting(settle: Settle) -> None:
    ended(settle, 8)
    with override_settings(RAMET_SAGAS={"keep_ended": 7}):
        assert forget() == 1


def test_many_are_forgotten_in_batches_and_then_it_rests(
    settle: Settle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(housekeeping, "BATCH", 2)
    for _ in range(3):
        ended(settle, 91)
    clock = [1_000.0]
    monkeypatch.setattr(housekeeping, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    keeper = Housekeeping()
    assert keeper.tend() == 0, "not at the very start"
    clock[0] += housekeeping.FIRST
    assert keeper.tend() == 2
    assert keeper.tend() == 0
    clock[0] += housekeeping.BETWEEN
    assert keeper.tend() == 1
    clock[0] += housekeeping.BETWEEN
    ended(settle, 91)
    assert keeper.tend() == 0
    clock[0] += housekeeping.EVERY
    assert keeper.tend() == 1


def test_a_worker_does_it_soon_after_its_start(
    settle: Settle, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended(settle, 91)
    monkeypatch.setattr(housekeeping, "FIRST", 0.0)
    SagaLoop("worker-1").work()
    assert SagaRun.objects.count() == 0


def test_runs_are_told_of_and_forgotten_when_the_last_saga_of_a_service_is_gone(
    settle: Settle, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    old = ended(settle, 91)
    with transaction.atomic():
        left = Trip.start(traveller=uuid.uuid4())
    monkeypatch.setattr(registry, "_definitions", {})
    monkeypatch.setattr(housekeeping, "FIRST", 0.0)
    (loop,) = loops()
    loop.begin()
    assert loop.work() is None
    loop.end()
    assert "saga.waits_for_code" in caplog.text
    assert not SagaRun.objects.filter(pk=old.pk).exists()
    assert SagaRun.objects.get(pk=left).status == "running"


def test_a_service_that_never_had_a_saga_has_no_loop_for_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(registry, "_definitions", {})
    assert loops() == []
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE ramet_sagas_sagarun RENAME TO not_migrated")
    assert loops() == []


def test_a_worker_is_made_while_the_database_is_away(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away(*_: Any) -> list[str]:
        raise OperationalError("the database is away")

    caplog.set_level("INFO")
    monkeypatch.setattr(registry, "_definitions", {})
    monkeypatch.setattr(connection.introspection, "table_names", away)
    assert loops() == []
    assert "sagas.not_asked_for_runs" in caplog.text


def test_asking_for_runs_leaves_no_connection_and_no_pool_to_forked_processes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pooled = Mock(in_atomic_block=False, settings_dict={"OPTIONS": {"pool": True}})
    pooled.introspection.table_names.return_value = []
    monkeypatch.setattr(counting, "connections", {"default": pooled})
    assert counting.has_runs() is False
    pooled.close.assert_called_once_with()
    pooled.close_pool.assert_called_once_with()


def test_a_worker_does_not_start_with_a_wrong_option() -> None:
    with override_settings(RAMET_SAGAS={"keep": 3}), pytest.raises(DiagnosticError):
        loops()


@pytest.mark.parametrize("given", [{"keep": 3}, {"keep_ended": 0}, {"keep_ended": "90"}])
def test_a_wrong_option_is_told(given: dict[str, Any]) -> None:
    with (
        override_settings(RAMET_SAGAS=given),
        pytest.raises(DiagnosticError, match="RAMET_SAGAS in the settings"),
    ):
        options()
