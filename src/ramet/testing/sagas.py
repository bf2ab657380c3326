"""Sagas in tests: worked off in the test's own thread, stepped, and crashed where it matters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar
from uuid import uuid4

from django.db import transaction
from django.db.models.functions import Now
from structlog.contextvars import get_contextvars

from ramet import failpoints
from ramet.sagas import claims, registry
from ramet.sagas.definition import Saga
from ramet.sagas.engine import work
from ramet.sagas.models import LIVE, Direction, SagaRun, Status, Wait
from ramet.testing.clock import Clock
from ramet.testing.misuse import misuse
from ramet.testing.naming import definition_of, step_of
from ramet.testing.runs import Run, run_of

__all__ = ["NotSettled", "Sagas"]

S = TypeVar("S", bound=Saga)

MOST = 100
"""Attempts of one step after which it is not waited for any longer."""


class NotSettled(AssertionError):
    """A run can not come to its end: it needs a person, or one of its steps fails for ever."""


class Crashed(claims.LostClaim):
    """The process has died here: nothing that a dead one would not do may follow.

    A LostClaim, for that is what the engine writes nothing after.
    """


class Sagas:
    """The fixture `sagas`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._holder = f"test-{uuid4().hex[:8]}"
        self._crashes: list[tuple[str, str]] = []
        """(saga, place) of the crashes that are still to come."""

    # -- Working off -------------------------------------------------------------------------------

    def settle(self, *, raising: bool = True) -> int:
        """Work off all runs until they have ended or wait for a timer; how many attempts it took.

        Pauses between attempts are not waited for: the clock is advanced by them. It is not for a
        timer of the saga's own; use `clock.advance`. Raises NotSettled when a run needs a person,
        or when a step has failed 100 times, with what it said; `raising=False` leaves it at that.
        No worker must run at the same time.
        """
        stuck = set(self._stuck())
        count = 0
        while self._attempt(keep=True) or self._pass_pause(raising):
            count += 1
        if raising and (new := set(self._stuck()) - stuck):
            raise NotSettled(_told("needs a person", SagaRun.objects.get(pk=new.pop())))
        return count

    def run(self, saga: type[S], **state: Any) -> Run[S]:
        """Start a run with these fields, settle everything, and tell what has become of it."""
        definition_of(saga, "sagas.run()")
        with transaction.atomic():
            run_id = saga.start(**state)
        self.settle()
        return self._read(saga, SagaRun.objects.get(pk=run_id))

    def step(self) -> bool:
        """Make one attempt of the step that has been due for longest; False when none is due."""
        return self._attempt(keep=False)

    def until(self, step: Callable[..., Any]) -> None:
        """Work off runs, as `settle` does, until `step` (or undo) of one of them comes next.

        It has not begun then. Raises NotSettled when none comes there.
        """
        definition, name = step_of(step, "sagas.until()")
        while not any(_comes_next(row, name) for row in _live(definition.name)):
            if not (self._attempt(keep=False) or self._pass_pause(raising=True)):
                raise NotSettled(f"no run of {definition.name} has come to {name}")

    def of(self, saga: type[S]) -> list[Run[S]]:
        """All runs of this version of a saga, the oldest first."""
        definition = definition_of(saga, "sagas.of()")
        rows = SagaRun.objects.filter(name=definition.name, version=definition.version)
        return [self._read(saga, row) for row in rows.order_by("created_at")]

    # -- Trouble -----------------------------------------------------------------------------------

    def crash_before(self, step: Callable[..., Any]) -> None:
        """Have the process die once, when this step (or undo) has begun and done nothing yet.

        Whoever settles goes on as a new process would. A crash that does not come before the end
        of the test is an error of the test.
        """
        self._add("before", step, "sagas.crash_before()")

    def crash_after(self, step: Callable[..., Any], *, committed: bool = False) -> None:
        """Have the process die once, when this step (or undo) has done everything it does.

        Before it is written that it is done, so that its method runs again: an atomic step was
        rolled back, any other step's calls were made. With `committed`, after that was written.
        """
        self._add("after-commit" if committed else "after", step, "sagas.crash_after()")

    def close(self) -> None:
        """End of the test: raises DiagnosticError for crashes that never came."""
        if self._crashes:
            raise misuse(
                "crash-never-came",
                "sagas.crash_before(), crash_after()",
                found=", ".join(f"{place} of {saga}" for saga, place in self._crashes),
                expected="a run that comes there before the test ends",
                remedy="settle after asking for the crash, or remove it",
            )

    # -- How ---------------------------------------------------------------------------------------

    def _attempt(self, *, keep: bool) -> bool:
        held = claims.claim(self._holder)
        if held is None:
            return False
        former = failpoints.on_reached
        failpoints.on_reached = self._reached
        try:
            work(held, keep=lambda: keep)
        except Crashed:
            claims.release_all(self._holder)  # as the next process of that name
        finally:
            failpoints.on_reached = former
        return True

    def _reached(self, place: str) -> None:
        here = (str(get_contextvars().get("saga")), place)
        if here in self._crashes:
            self._crashes.remove(here)
            raise Crashed(f"crashed at {place} of {here[0]}")

    def _pass_pause(self, raising: bool) -> bool:
        """Advance the clock to the end of the first pause between attempts, if there is one."""
        paused = [
            row for row in _live() if row.attempts and not row.holder and row.wait != Wait.OPEN
        ]
        for row in paused:
            if row.attempts >= MOST:
                if not raising:
                    return False
                raise NotSettled(_told(f"has failed {row.attempts} times", row))
        waiting = SagaRun.objects.filter(pk__in=[row.pk for row in paused]).order_by("run_at")
        found = waiting.values_list("run_at", Now()).first()
        if found is None:
            return False
        self._clock.advance(seconds=max((found[0] - found[1]).total_seconds(), 0.0) + 0.001)
        return True

    def _add(self, kind: str, step: Callable[..., Any], where: str) -> None:
        definition, name = step_of(step, where)
        self._crashes.append((definition.name, f"{kind}:{name}"))

    def _stuck(self) -> list[Any]:
        return list(SagaRun.objects.filter(status=Status.STUCK).values_list("pk", flat=True))

    def _read(self, saga: type[S], row: SagaRun) -> Run[S]:
        return run_of(saga, saga.__ramet_saga__, row)


def _live(name: str | None = None) -> list[SagaRun]:
    known = [row for row in SagaRun.objects.filter(status__in=LIVE) if _is_known(row)]
    return [row for row in known if name in (None, row.name)]


def _is_known(row: SagaRun) -> bool:
    return registry.find(row.name, row.version) is not None


def _comes_next(row: SagaRun, name: str) -> bool:
    return _next_method(row) == name


def _next_method(row: SagaRun) -> str:
    definition = registry.find(row.name, row.version)
    assert definition is not None, "only known runs are asked about"
    step = definition.steps[row.position]
    return step.name if row.direction == Direction.FORWARD else step.undo or step.name


def _told(what: str, row: SagaRun) -> str:
    return f"{row.name} {row.pk} {what}, at {_next_method(row)}: {row.error or 'no error'}"
