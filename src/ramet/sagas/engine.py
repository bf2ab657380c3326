"""Does the steps of a claimed run, one after the other, each with its own commit."""

from __future__ import annotations

import contextlib
import contextvars
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import structlog
from django.db import DataError, connections, transaction

from ramet.calls.context import use_deadline, use_idempotency_scope
from ramet.calls.errors import RemoteError
from ramet.calls.refusals import Refused
from ramet.events import headers
from ramet.failpoints import reached
from ramet.sagas import metrics, registry, spans, storable, waiting
from ramet.sagas.claims import Claim, LostClaim, advance, claim
from ramet.sagas.deciding import UNDO_ATTEMPTS, Next, Outcome, decide, is_final
from ramet.sagas.definition import Definition, restore
from ramet.sagas.failure import Failure
from ramet.sagas.models import LIVE, Direction, Status, Wait
from ramet.sagas.steps import Step
from ramet.telemetry import bound, tracing

__all__ = ["AttemptsUsedUp", "StepTimeout", "run_due", "work"]

log = structlog.get_logger("ramet.sagas")

UNWRITABLE = "the error could not be stored; the worker's log has it"

_NOT_STORABLE = (DataError, TypeError, ValueError)
"""What a database or its driver raises for values that it cannot take."""


class AttemptsUsedUp(Exception):
    """All attempts of a step, or of its undo, began, and the last ones never ended: crashes."""


class StepTimeout(TimeoutError):
    """The time of a step was used up before another attempt could begin."""


def run_due(holder: str, limit: int = 1_000) -> int:
    """Work off due runs in this thread until none is left; how many times one was taken up.

    For tests and for tools: workers use the loop.
    """
    for count in range(limit):
        held = claim(holder)
        if held is None:
            return count
        work(held, keep=lambda: True)
    return limit


def work(held: Claim, keep: Callable[[], bool]) -> None:
    """Do the steps of `held` until the run ends or waits, or `keep()` says to let it go.

    Raises LostClaim when the run has gone to another worker, and database errors when it cannot be
    written where the run stands; in both cases the last step may have happened.
    """
    reached("claimed")
    upcoming: Claim | None = held
    while upcoming is not None:
        # A context of its own for each attempt: nothing that a step sets reaches the next one.
        upcoming = contextvars.Context().run(_attempt, upcoming, keep)


def _attempt(held: Claim, keep: Callable[[], bool]) -> Claim | None:
    definition = registry.find(held.name, held.version)
    assert definition is not None, "only known definitions are claimed"
    step = definition.steps[held.progress.position]
    must_wait = _must_wait(held, step)
    with (
        headers.restored(held.headers),
        spans.attempt(held, definition, step, _method(held, step), waits=must_wait),
        bound(saga=held.name, saga_id=str(held.id), step=_method(held, step)),
    ):
        if must_wait:
            waiting.begin(held, step)
            return None
        try:
            if step.atomic:
                with transaction.atomic():
                    state = _do(held, definition, step)
                    kept = _finish(held, definition, Outcome.DONE, keep, state=state)
                    reached(f"before-commit:{_method(held, step)}")
                reached(f"after-commit:{_method(held, step)}")
                return kept
            state = _do(held, definition, step)
        except (LostClaim, KeyboardInterrupt):  # the latter: only in the main thread, by a person
            raise
        except Refused as refusal:
            return _give_up(held, definition, Outcome.REFUSED, keep, refusal)
        except BaseException as error:  # noqa: BLE001 - SystemExit too is an attempt that failed
            _leave_broken_connections()
            return _give_up(held, definition, Outcome.FAILED, keep, error)
        reached(f"before-commit:{_method(held, step)}")
        try:
            kept = _finish(held, definition, Outcome.DONE, keep, state=state)
        except _NOT_STORABLE as error:
            return _give_up(held, definition, Outcome.FAILED, keep, error)
        reached(f"after-commit:{_method(held, step)}")
        return kept


def _give_up(
    held: Claim,
    definition: Definition,
    outcome: Outcome,
    keep: Callable[[], bool],
    error: BaseException,
) -> Claim | None:
    """Write an attempt that did not succeed; without its error where that cannot be stored.

    An attempt that is not written would begin again at once, and repeat its calls.
    """
    step = definition.steps[held.progress.position].name
    refused = outcome is Outcome.REFUSED
    if not refused:
        tracing.fail_current(error)
    try:
        failure = Failure.of(step, error, refused=refused)
        return _finish(held, definition, outcome, keep, error=error, failure=failure)
    except _NOT_STORABLE as unstorable:
        log.warning("saga.error_not_stored", exc_info=unstorable)
        failure = Failure(step, storable.text(type(error).__name__), UNWRITABLE, refused)
        return _finish(held, definition, outcome, keep, error=error, failure=failure)


def _do(held: Claim, definition: Definition, step: Step) -> Mapping[str, Any]:
    """Call the step's method, or its undo; the state afterwards."""
    _refuse_one_too_many(held, definition, step)
    name = _method(held, step)
    saga = restore(definition, held.state, held.id, held.failure)
    reached(f"before:{name}")
    with contextlib.ExitStack() as stack:
        if (seconds := _seconds_left(held, definition, step)) is not None:
            stack.enter_context(use_deadline(seconds))
        if not step.atomic:
            stack.enter_context(use_idempotency_scope(_keys(held, step)))
        getattr(saga, name)(*waiting.arguments(held, step))
    reached(f"after:{name}")
    return definition.state.encode(vars(saga))


def _keys(held: Claim, step: Step) -> str:
    """What the idempotency keys of the calls in a step begin with.

    The same at every attempt, so that a repeated call has one effect. By the step and not by the
    method, which may undo several steps.
    """
    return f"saga/{held.id}/{held.progress.direction.value}/{step.name}/{held.round}"


def _refuse_one_too_many(held: Claim, definition: Definition, step: Step) -> None:
    """AttemptsUsedUp when this attempt would be one more than there may be.

    An attempt that ends decides that none follows; only one that killed its process cannot.
    """
    now = held.progress
    if now.direction is Direction.BACKWARD:
        limit = UNDO_ATTEMPTS
    elif is_final(definition.steps, now.position):
        return
    else:
        limit = step.attempts
    if now.attempts > limit:
        raise AttemptsUsedUp(f"{limit} attempts were begun, and the last one did not end")


def _seconds_left(held: Claim, definition: Definition, step: Step) -> float | None:
    """What calls in this attempt may take; StepTimeout when the step's time is already over."""
    if step.timeout is None or held.progress.direction is Direction.BACKWARD:
        return None
    if is_final(definition.steps, held.progress.position):
        return step.timeout  # it is retried for ever, so each attempt has its own
    left = step.timeout - held.elapsed()
    if left <= 0:
        raise StepTimeout(
            f"{step.timeout:g} s are over after {held.progress.attempts - 1} attempts"
        )
    return left


def _finish(
    held: Claim,
    definition: Definition,
    outcome: Outcome,
    keep: Callable[[], bool],
    *,
    state: Mapping[str, Any] | None = None,
    error: BaseException | None = None,
    failure: Failure | None = None,
) -> Claim | None:
    """Decide, tell, and write. A failed attempt leaves the state as it was before."""
    now = held.progress
    upcoming = decide(definition.steps, replace(now, elapsed=held.elapsed()), outcome)
    turns = now.direction is Direction.FORWARD and upcoming.status is not Status.RUNNING
    if error is not None:
        _tell(upcoming, held, error, refused=outcome is Outcome.REFUSED)
    elif upcoming.status in (Status.COMPLETED, Status.COMPENSATED):
        log.info(f"saga.{upcoming.status}")
    goes_on = advance(
        held,
        upcoming,
        outcome=outcome,
        state=held.state if state is None else state,
        failure=failure if failure is not None and turns else held.failure,
        error="" if failure is None else _in_short(failure),
        keep=keep(),
    )
    seconds = time.monotonic() - held.read_at  # since it was claimed, or the step before was done
    step = _method(held, definition.steps[now.position])
    metrics.STEPS.record(seconds, held.name, step, outcome.value)
    if upcoming.status not in LIVE:
        metrics.ENDED.add(1, held.name, upcoming.status.value)
    return goes_on


def _in_short(failure: Failure) -> str:
    if failure.message == UNWRITABLE:
        return UNWRITABLE
    return storable.text(f"{failure.error}: {failure.message}")


def _tell(upcoming: Next, held: Claim, error: BaseException, *, refused: bool) -> None:
    """One log line for an attempt that did not succeed; a traceback only where it helps."""
    expected = isinstance(error, RemoteError | StepTimeout | AttemptsUsedUp)
    facts: dict[str, Any] = {
        "attempt": held.progress.attempts,
        "error": f"{type(error).__name__}: {storable.text(error)}",
        "exc_info": None if expected else error,
    }
    if upcoming.status is Status.STUCK:
        log.error("saga.stuck", remedy=f"ramet sagas show {held.id}", **facts)
    elif upcoming.pause is not None:
        log.warning("saga.step_failed", again_in=round(upcoming.pause, 2), **facts)
    elif refused:
        log.info("saga.refused", **facts)
    else:
        log.warning("saga.turned_back", **facts)


def _must_wait(held: Claim, step: Step) -> bool:
    forward = held.progress.direction is Direction.FORWARD
    return forward and step.wait is not None and held.wait is Wait.NONE


def _method(held: Claim, step: Step) -> str:
    if held.progress.direction is Direction.FORWARD:
        return step.name
    assert step.undo is not None, "steps without an undo are skipped on the way back"
    return step.undo


def _leave_broken_connections() -> None:
    """After a step failed, close what it may have broken, so that its failure can be written."""
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()
