"""When a run that its holder let go, or died with, is due again."""

import uuid
from datetime import timedelta

import pytest
from django.db import transaction
from django.db.models.functions import Now

from ramet.sagas.claims import LEASE, LONGEST_WAIT, claim, release, release_all, until_next
from ramet.sagas.deciding import pause_after
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


def test_a_clock_set_back_by_two_hours_does_not_make_a_run_wait_for_two_hours() -> None:
    claim_again()  # its holder dies, and before anybody looks the clock tells the true time again
    SagaRun.objects.update(run_at=Now() + timedelta(hours=2))
    assert claim("worker-2") is not None


def test_the_longest_pause_and_a_lease_are_waited_for_all_the_same() -> None:
    assert max(LEASE, pause_after(99, lambda: 0.0)) < LONGEST_WAIT
    claim_again()
    assert claim("worker-2") is None
    SagaRun.objects.update(run_at=Now() + timedelta(seconds=20))
    assert claim("worker-2") is None
