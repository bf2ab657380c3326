"""Sagas against a model of what they promise, whatever steps, workers and people do.

A run completes, or everything that it did is taken back in reverse order; never both. Nothing after
the pivot is taken back. More: `--hypothesis-profile=long`.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

import ramet
from ramet import failpoints
from ramet.sagas import operations, registry
from ramet.sagas.claims import LEASE, LostClaim, claim, release_all
from ramet.sagas.engine import work
from ramet.sagas.models import LIVE, Direction, SagaRun, Status
from ramet.testing import Clock
from tests.conftest import bounded

OUTCOMES = [
    *["works"] * 5,
    "refuses",
    "fails",
    "fails late",
    "dies first",
    "dies late",
    "dies done",
]
ENDED = (Status.COMPLETED, Status.COMPENSATED)


class Nope(ramet.Refused):
    """A business "no"."""


class Died(LostClaim):
    """The process has ended here; the engine writes nothing after a LostClaim."""


class World:
    """The services that the steps call: each does a step once, and none that was taken back."""

    def __init__(self) -> None:
        self.held: set[str] = set()
        self.closed: set[str] = set()
        self.undone: list[str] = []
        self.outcome = "works"

    def call(self, step: str, *, is_undo: bool) -> None:
        if self.outcome == "fails":
            raise ValueError
        if self.outcome == "refuses":
            raise Nope
        if is_undo:
            self.held.discard(step)
            self.closed.add(step)
            self.undone.append(step)
        elif step in self.closed:
            raise Nope
        else:
            self.held.add(step)
        if self.outcome == "fails late":
            raise ValueError


world = World()


class SagaMachine(RuleBasedStateMachine):
    """One run of a saga whose shape is drawn; rules are what happens to it."""

    @initialize(
        shape=st.lists(st.sampled_from(["undo", "undo", "atomic", "none"]), max_size=4),
        pivot=st.sampled_from(["atomic", "call", "no pivot"]),
        after=st.integers(0, 2),
    )
    def begin(self, shape: list[str], pivot: str, after: int) -> None:
        global world
        SagaRun.objects.all().delete()
        world, self.clock = World(), Clock()
        self.saga = _saga(tuple(shape), pivot, after)
        definition = self.saga.__ramet_saga__
        self.steps, self.pivot = definition.steps, definition.pivot
        self.directions: list[str] = []
        with transaction.atomic():
            self.id = self.saga.start()

    # -- What happens to it ------------------------------------------------------------------------

    @precondition(lambda self: self.run.status in LIVE)
    @rule(outcome=st.sampled_from(OUTCOMES))
    def attempt(self, outcome: str) -> None:
        """A worker makes the next attempt, as soon as it may."""
        SagaRun.objects.filter(pk=self.id, run_at__gt=self._now()).update(run_at=self._now())
        self._attempt(outcome)

    @precondition(lambda self: self.run.status in LIVE)
    @rule()
    def a_worker_is_paused_past_its_lease(self) -> None:
        """Another one takes the run, and the first can write nothing when it wakes."""
        SagaRun.objects.filter(pk=self.id).update(run_at=self._now())
        paused = claim("paused")
        assert paused is not None
        self.clock.advance(seconds=LEASE + 1)
        if self._attempt("works"):
            before = self.run
            with pytest.raises(LostClaim):
                work(paused, keep=lambda: False)
            assert _written(self.run) == _written(before)

    @rule(seconds=st.sampled_from([1, 20, 600]))
    def wait(self, seconds: float) -> None:
        self.clock.advance(seconds=seconds)

    @rule()
    def a_person_resumes_it(self) -> None:
        before = self.run
        try:
            operations.resume(self.id)
        except operations.CannotResume:
            assert _written(self.run) == _written(before)

    @rule()
    def a_person_turns_it_back(self) -> None:
        before = self.run
        try:
            operations.compensate(self.id, "by hand")
        except operations.CannotCompensate:
            assert _written(self.run) == _written(before)

    # -- What must hold ----------------------------------------------------------------------------

    @invariant()
    def it_turns_at_most_once(self) -> None:
        direction = self.run.direction
        if self.directions[-1:] != [direction]:
            self.directions.append(direction)
        assert self.directions in (["forward"], ["backward"], ["forward", "backward"])

    @invariant()
    def nothing_is_taken_back_out_of_turn(self) -> None:
        order = [step.name for step in self.steps]
        places = [order.index(name) for name in world.undone]
        assert places == sorted(places, reverse=True), "not in reverse order"
        if self.pivot is not None:
            assert all(place < self.pivot for place in places), "taken back after the pivot"

    @invariant()
    def what_has_ended_is_done_or_taken_back_altogether(self) -> None:
        run = self.run
        if run.status == Status.COMPLETED:
            assert world.held >= {step.name for step in self.steps if not step.atomic}
            assert world.undone == []
        if run.status == Status.COMPENSATED:
            assert world.held & {step.name for step in self.steps if step.undo} == set()

    def teardown(self) -> None:
        """When all is well again, and a person resumes what is stuck, it comes to its end."""
        if not hasattr(self, "id"):
            return
        for _ in range(60):
            if self.run.status in ENDED:
                break
            operations.resume(self.id)
            self.clock.advance(seconds=30)
            self._attempt("works")
        assert self.run.status in ENDED
        self.what_has_ended_is_done_or_taken_back_altogether()
        self.nothing_is_taken_back_out_of_turn()

    # -- How ---------------------------------------------------------------------------------------

    @property
    def run(self) -> SagaRun:
        return SagaRun.objects.get(pk=self.id)

    def _attempt(self, outcome: str) -> bool:
        held = claim("worker")
        if held is None:
            return False
        step = self.steps[held.progress.position]
        forward = held.progress.direction is Direction.FORWARD
        method = step.name if forward else step.undo
        dies_at = {
            "dies first": f"before:{method}",
            "dies late": f"after:{method}",
            "dies done": f"after-commit:{method}",
        }.get(outcome)

        def reached(place: str) -> None:
            if dies_at is not None and place.endswith(dies_at):
                raise Died

        world.outcome, failpoints.on_reached = outcome, reached
        try:
            with suppress(Died):
                work(held, keep=lambda: False)
        finally:
            world.outcome, failpoints.on_reached = "works", None
        release_all("worker")
        return True

    def _now(self) -> Any:
        from django.db.models.functions import Now

        return Now()


def _written(run: SagaRun) -> tuple[Any, ...]:
    return (run.status, run.direction, run.position, run.attempts, run.epoch, run.state)


def _saga(shape: tuple[str, ...], pivot: str, after: int) -> Any:
    """A saga of these steps, the pivot, and so many after it; defined once for each shape."""
    name = "Drawn_" + "_".join([*shape, pivot.replace(" ", ""), str(after)])
    known = registry.find(f"{registry.full_name(__name__, name)}", 1)
    if known is not None:
        return known.saga
    kinds = [*shape, *([f"pivot {pivot}", *["after"] * after] if pivot != "no pivot" else ["none"])]

    def body(namespace: dict[str, Any]) -> None:
        namespace["__module__"] = __name__
        namespace["__qualname__"] = name
        for place, kind in enumerate(kinds):
            step, undo = f"step{place}", f"undo{place}"
            options: dict[str, Any] = {
                "undo": {"undo": undo, "attempts": 3},
                "atomic": {"undo": undo, "attempts": 3, "atomic": True},
                "none": {"undo": None, "attempts": 3},
                "pivot atomic": {"pivot": True, "atomic": True},
                "pivot call": {"pivot": True},
                "after": {},
            }[kind]
            namespace[step] = ramet.step(**options)(_method(step, kind))
            if options.get("undo"):
                namespace[undo] = _undo(step, undo, kind)

    return types.new_class(name, (ramet.Saga,), {"version": 1}, body)


def _method(step: str, kind: str) -> Callable[[Any], None]:
    def do(self: Any) -> None:
        if "atomic" not in kind:
            world.call(step, is_undo=False)
        elif world.outcome == "refuses":
            raise Nope
        elif world.outcome.startswith("fails"):
            raise ValueError  # what it did was in the database, and is rolled back

    do.__name__ = step
    return do


def _undo(step: str, undo: str, kind: str) -> Callable[[Any], None]:
    def take_back(self: Any) -> None:
        world.call(step, is_undo=True)

    take_back.__name__ = undo
    return take_back


@pytest.mark.django_db
def test_a_saga_keeps_its_promises_whatever_happens() -> None:
    run_state_machine_as_test(SagaMachine, settings=bounded(60, 20))
