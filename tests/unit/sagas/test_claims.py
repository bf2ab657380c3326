"""When a run that its holder let go, or died with, is due again."""

import uuid
from datetime import timedelta

import pytest
from django.db import transaction
from django.db.models.functions import Now

from ramet.sagas.claims import claim, release, release_all, until_next
from ramet.sagas.models import SagaRun
from tests.unit.sagas.examples import Trip

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _run() -> None:
    with transaction.atomic():
        Trip.start(traveller=uuid.uuid4())


def claim_again() -> tuple[uuid.UUID, int]:
    SagaRun.objects.update(run_at=Now() - timedelta(seconds=1))
    held = claim("worker-1")
    assert held is not None
    return held.id, held.epoch


def test_a_run_that_could_not_be_written_waits_longer_each_time() -> None:
    waits = []
    for _ in range(6):
        release("worker-1", [claim_again()])
        waits.append(until_next() or 0.0)
    assert 0.1 < waits[0] <= 0.3
    assert 4 < waits[3] <= 8.1
    assert 9 < waits[5] <= 20


def test_a_restarted_process_takes_its_runs_back_at_once() -> None:
    claim_again()
    assert release_all("worker-1") == 1
    assert (until_next() or 0.0) <= 0


def test_a_step_that_kills_its_process_at_every_start_leaves_time_for_others() -> None:
    for _ in range(5):
        claim_again()
        release_all("worker-1")
    assert (until_next() or 0.0) > 5
