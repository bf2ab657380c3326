"""A clean trace for each test, and a way to let due times come at once."""

from collections.abc import Callable

import pytest
from django.db.models.functions import Now

from ramet.sagas.claims import claim, release_all
from ramet.sagas.engine import run_due
from ramet.sagas.models import LIVE, SagaRun
from tests.unit.sagas import examples


@pytest.fixture(autouse=True)
def _clean() -> None:
    examples.calls.clear()
    examples.script.clear()


@pytest.fixture
def crash() -> Callable[[], None]:
    """Have a worker die in the middle of the step that is next, and start again."""

    def kill() -> None:
        SagaRun.objects.filter(status__in=LIVE).update(run_at=Now())
        assert claim("killed") is not None
        assert release_all("killed") == 1

    return kill


@pytest.fixture
def settle() -> Callable[[], None]:
    """Work off all runs, without waiting between attempts."""

    def run(rounds: int = 60) -> None:
        for _ in range(rounds):
            if not run_due("test") and not SagaRun.objects.filter(status__in=LIVE).exists():
                return
            SagaRun.objects.filter(status__in=LIVE).update(run_at=Now())
        raise AssertionError("not settled")

    return run
