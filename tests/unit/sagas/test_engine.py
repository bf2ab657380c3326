"""How a run goes forward, turns back and ends, on SQLite and in one thread."""

import uuid
from collections.abc import Callable

import pytest
from django.db import transaction

from ramet.calls import DeadlineExceeded, Unavailable
from ramet.calls.context import idempotency_scope, remaining
from ramet.sagas.models import SagaRun
from tests.unit.sagas import examples
from tests.unit.sagas.examples import OutOfStock, Trip, calls, script

pytestmark = pytest.mark.django_db

Settle = Callable[[], None]


def start() -> uuid.UUID:
    with transaction.atomic():
        return Trip.start(traveller=uuid.uuid4())


def finished(run_id: uuid.UUID) -> SagaRun:
    return SagaRun.objects.get(pk=run_id)


def test_all_steps_are_done_in_order(settle: Settle) -> None:
    run_id = start()
    settle()
    assert calls == ["open", "reserve", "look", "pay", "decide", "send"]
    run = finished(run_id)
    assert run.status == "completed"
    assert run.finished_at is not None
    assert run.state["total"] == 12
