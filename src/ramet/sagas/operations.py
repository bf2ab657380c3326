"""What a person can do about a run: resume it, or have it turn back."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from ramet.events.wake import wake_after_commit
from ramet.sagas import registry
from ramet.sagas.deciding import is_final, turn_back
from ramet.sagas.describing import standing
from ramet.sagas.failure import Failure
from ramet.sagas.models import Direction, SagaRun, SagaStep, Status, Wait
from ramet.sagas.starting import TOPIC
from ramet.telemetry import deeds

__all__ = ["CannotCompensate", "CannotResume", "compensate", "resume"]


class CannotResume(Exception):
    """There is nothing to try again; the message says where the run is."""


class CannotCompensate(Exception):
    """The run is not where it can turn back; the message says where it is and what to do."""


def resume(run_id: UUID) -> SagaRun | None:
    """Try the present step again now, with all its attempts; the run, or None if there is none.

    For a stuck run once its cause is repaired, and for one that waits between two attempts. Raises
    CannotResume, having changed nothing, for one that a worker has in hand, that waits for a reply
    or a time, or that has ended. After a refusal the step's calls get new idempotency keys: under
    the old ones the callee would repeat its refusal unasked.
    """
    with transaction.atomic():
        run = SagaRun.objects.select_for_update().filter(pk=run_id).first()
        if run is None:
            return None
        if run.finished_at:
            raise CannotResume(f"{run.pk} is {run.status}; left as it is.")
        if run.holder:
            raise CannotResume(f"{run.pk} is in the hands of {run.holder}; left as it is.")
        if run.wait == Wait.OPEN:
            raise CannotResume(f"{run.pk} {standing(run)}; left as it is.")
        run.status = Status.RUNNING if run.direction == Direction.FORWARD else Status.COMPENSATING
        SagaRun.objects.filter(pk=run_id).update(
            status=run.status,
            attempts=0,
            earlier_attempts=F("earlier_attempts") + F("attempts"),
            # Only then: after a failed attempt the old keys are what keeps the step from happening
            # twice.
            round=F("round") + (1 if _was_refused(run) else 0),
            step_started_at=None,
            run_at=Now(),
            epoch=F("epoch") + 1,
        )
        deeds.tell("saga.resumed", run_id, saga=run.name)
        wake_after_commit(TOPIC)
    return run


def compensate(run_id: UUID, why: str) -> SagaRun | None:
    """Turn a run back that has not passed its pivot; the run, or None if there is none.

    A worker that is in the middle of a step loses the run; that step is undone too, after the
    worker's lease has ended. Raises CannotCompensate.
    """
    with transaction.atomic():
        run = SagaRun.objects.select_for_update().filter(pk=run_id).first()
        if run is None:
            return None
        definition = registry.find(run.name, run.version)
        if definition is None:
            raise CannotCompensate(
                f"{run.name} version {run.version} is not in this code. Deploy it, or ask the"
                " service that owns it."
            )
        if run.direction == Direction.BACKWARD or run.finished_at:
            raise CannotCompensate(
                f"It {standing(run)}. `resume` tries again."
                if run.status == Status.STUCK
                else f"It is {run.status}."
            )
        steps, position = definition.steps, run.position
        pivot = definition.pivot
        attempts = run.attempts + run.earlier_attempts
        may_have_happened = attempts > 0 and not steps[position].atomic
        if (pivot is not None and position > pivot) or (
            may_have_happened and is_final(steps, position)
        ):
            raise CannotCompensate(
                f"It has passed its pivot, {steps[pivot or 0].name}, and can only go forward."
                " Repair what keeps it, and resume it."
            )
        back = turn_back(steps, position if may_have_happened else position - 1)
        failure = Failure(steps[position].name, "CompensatedByHand", why, refused=False)
        run.status, run.direction, run.position = back.status, back.direction, back.position
        SagaRun.objects.filter(pk=run_id).update(
            status=back.status,
            direction=back.direction,
            position=back.position,
            failure=failure.stored(),
            attempts=0,
            earlier_attempts=0,
            round=0,
            wait=Wait.NONE,
            step_started_at=None,
            # A step in hand may still be at its call: undoing waits for the end of its lease.
            run_at=F("run_at") if run.holder else Now(),
            holder="",
            epoch=F("epoch") + 1,
            finished_at=Now() if back.status is Status.COMPENSATED else None,
        )
        deeds.tell("saga.compensated", run_id, saga=run.name, why=why)
        wake_after_commit(TOPIC)
    return run


def _was_refused(run: SagaRun) -> bool:
    """Whether the last attempt of the present step ended in a refusal."""
    definition = registry.find(run.name, run.version)
    if definition is None:
        return run.status == Status.STUCK  # by what, only the code that knows the saga can tell
    step = definition.steps[run.position].name
    refused = SagaStep.objects.filter(
        run=run, step=step, direction=run.direction, outcome=SagaStep.Outcome.REFUSED
    )
    return refused.exists()
