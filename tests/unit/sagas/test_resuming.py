"""Resuming a step whose operation stores its answers, as a callee with idempotency keys does."""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import transaction
from django.test import override_settings

import ramet
from ramet.calls.models import StoredResult
from ramet.placement import Here
from ramet.placement.environment import Environment
from ramet.sagas import operations
from ramet.sagas.engine import run_due
from ramet.sagas.models import SagaRun
from ramet.system import Gateway, Infrastructure, Service, System

pytestmark = pytest.mark.django_db

Settle = Callable[[], None]

closed: set[str] = set()
"""Operations that are refused for now."""

failing: set[str] = set()
"""Operations that break after their effect, as when the answer is lost."""

effects: Counter[str] = Counter()


class Closed(ramet.Refused):
    pass


class Depot(ramet.Contract, version=1):
    @ramet.operation(deadline="5s", idempotent=True)
    def send(self) -> None: ...

    @ramet.operation(deadline="5s", idempotent=True)
    def take_back(self) -> None: ...


@ramet.implements(Depot)
class DepotKeeper:
    def send(self) -> None:
        _do("send")

    def take_back(self) -> None:
        _do("take_back")


def _do(name: str) -> None:
    if name in closed:
        raise Closed
    effects[name] += 1


def _call(name: str) -> None:
    getattr(ramet.client(Depot), name)()
    if name in failing:
        raise ramet.Unavailable("the answer was lost")


class Delivery(ramet.Saga, version=1):
    @ramet.step(atomic=True, pivot=True)
    def decide(self) -> None: ...

    @ramet.step
    def send(self) -> None:
        _call("send")


class Return(ramet.Saga, version=1):
    """Two steps that one method takes back, and a third that is refused."""

    @ramet.step(undo="take_back")
    def first(self) -> None: ...

    @ramet.step(undo="take_back")
    def second(self) -> None: ...

    def take_back(self) -> None:
        _call("take_back")

    @ramet.step(undo=None)
    def never(self) -> None:
        raise Closed


class Capture(ramet.Saga, version=1):
    @ramet.step(pivot=True)
    def send(self) -> None:
        _call("send")


@pytest.fixture(autouse=True)
def _placed(tmp_path: Path) -> Iterator[None]:
    closed.clear()
    failing.clear()
    effects.clear()
    system = System(
        name="t",
        settings="tests.settings",
        services={"depot": Service("depot", apps=(__name__,))},
        gateway=Gateway(),
        infrastructure=Infrastructure(),
        path=tmp_path / "ramet.toml",
    )
    here = Here(
        system=system,
        services=frozenset({"depot"}),
        group="monolith",
        environment=Environment.read({}, system),
    )
    with override_settings(RAMET=here):
        yield


def begin(saga: type[ramet.Saga]) -> SagaRun:
    with transaction.atomic():
        run_id = saga.start()
    return SagaRun.objects.get(pk=run_id)


def status(run: SagaRun) -> str:
    run.refresh_from_db()
    return run.status


def test_a_refused_operation_is_asked_again_when_its_run_is_resumed(settle: Settle) -> None:
    closed.add("send")
    run = begin(Delivery)
    settle()
    assert status(run) == "stuck"
    closed.clear()
    operations.resume(run.pk)
    settle()
    assert (status(run), effects["send"]) == ("completed", 1)
    assert StoredResult.objects.count() == 2, "the refusal and the success, each under its key"


def test_a_refused_undo_is_asked_again_when_its_run_is_resumed(settle: Settle) -> None:
    closed.add("take_back")
    run = begin(Return)
    settle()
    assert status(run) == "stuck"
    closed.clear()
    operations.resume(run.pk)
    settle()
    assert (status(run), effects["take_back"]) == ("compensated", 2)


def test_resuming_after_a_failure_does_not_repeat_a_call_that_succeeded(settle: Settle) -> None:
    failing.add("send")
    run = begin(Delivery)
    run_due("test")
    failing.clear()
    operations.resume(run.pk)
    settle()
    assert (status(run), effects["send"]) == ("completed", 1)


def test_each_of_two_steps_with_the_same_undo_is_undone(settle: Settle) -> None:
    run = begin(Return)
    settle()
    assert (status(run), effects["take_back"]) == ("compensated", 2)


def test_a_pivot_in_doubt_is_still_in_doubt_after_its_run_was_resumed(settle: Settle) -> None:
    failing.add("send")
    run = begin(Capture)
    run_due("test")
    operations.resume(run.pk)
    with pytest.raises(operations.CannotCompensate, match="passed its pivot"):
        operations.compensate(run.pk, "asked for")
    closed.add("send")
    StoredResult.objects.all().delete()  # the callee has forgotten
    settle()
    assert status(run) == "stuck"
