"""Steps that wait: for a time, or for a reply that may come before the time is over.

What ended a wait is decided once, by whoever has the row's lock: `claim` takes a run whose time is
over, `reply` one whose time is not. Only after that does the step run, so that each of its attempts
sees the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import structlog
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now

from ramet.events.wake import wake_after_commit
from ramet.failpoints import reached
from ramet.sagas import registry, state
from ramet.sagas.claims import Claim, LostClaim, from_now, is_replied
from ramet.sagas.models import Direction, SagaReply, SagaRun, Wait
from ramet.sagas.starting import TOPIC, is_inside_transaction
from ramet.sagas.steps import Step

if TYPE_CHECKING:
    from ramet.sagas.definition import Saga

__all__ = ["arguments", "begin", "reply", "wake_replied"]

log = structlog.get_logger("ramet.sagas")

Outcome = SagaReply.Outcome

BATCH = 200
"""Runs that one call of `wake_replied` makes due."""


def begin(held: Claim, step: Step) -> None:
    """Let the run go until its time is over or its reply is there. Raises LostClaim."""
    assert step.wait is not None, "only a step that waits begins to wait"
    reached(f"before-wait:{step.name}")
    with transaction.atomic():
        # 1. The row's lock. A reply that comes now waits for it, and then finds the wait open.
        rows = SagaRun.objects.filter(
            pk=held.id, epoch=held.epoch, position=held.progress.position, wait=Wait.NONE
        )
        waiting = {"attempts": 0, "step_started_at": None, "holder": ""}
        if not rows.update(wait=Wait.OPEN, run_at=from_now(step.wait), **waiting):
            raise LostClaim(f"{held.name} {held.id} at epoch {held.epoch}")
        # 2. A reply that came before: as if it came now.
        if step.reply is not None and is_replied(held.id, step):
            SagaRun.objects.filter(pk=held.id).update(run_at=Now())
            wake_after_commit(TOPIC)
    reached(f"after-wait:{step.name}")


def arguments(held: Claim, step: Step) -> tuple[Any, ...]:
    """What the method of a step is called with, besides its saga."""
    if step.reply is None or held.progress.direction is Direction.BACKWARD:
        return ()
    if held.wait is not Wait.REPLIED:
        return (None,)
    found = SagaReply.objects.get(run_id=held.id, step=step.name, outcome=Outcome.ACCEPTED)
    return (state.decoded(found.content, step.reply, f"the reply to {step.name}"),)


def reply(saga: type[Saga], key: object, name: str, answer: object) -> bool:
    """Store a reply for the runs of `saga` with this key; see `Saga.reply`."""
    definition = saga.__ramet_saga__
    place = definition.place_of(name)
    step = None if place is None else definition.steps[place]
    if step is None or step.reply is None:
        raise TypeError(f"{saga.__name__} has no step {name} that waits for a reply")
    if not is_inside_transaction():
        raise RuntimeError(
            f"{saga.__name__}.reply() was called outside transaction.atomic(). What you save and"
            " the reply must be committed together: wrap both in one atomic block."
        )
    assert definition.key is not None, "checked by the definition"
    content = state.encoded(answer, step.reply, f"the reply to {name}")
    kind = definition.state.types[definition.key]
    text = str(state.encoded(key, kind, f"the key {definition.key}"))
    runs = SagaRun.objects.select_for_update().filter(name=definition.name, key=text)
    # In one order, so that two replies to several runs do not wait for each other.
    live = list(runs.filter(finished_at__isnull=True).order_by("pk"))
    if not live:  # the last one to end shows what came too late
        live = list(runs.order_by("-created_at")[:1])
    if not live:
        log.warning("saga.reply_without_run", saga=definition.name, step=name, key=text)
    counted = [_give(run, name, content) for run in live]  # all of them, not up to the first
    return any(counted)


def wake_replied() -> int:
    """Make up to BATCH runs due whose reply is there but which still wait; how many it was.

    While a new version is deployed, a reply may come to a process that does not know the run's
    version: it keeps the reply, but cannot tell which step it is for.
    """
    answered = Q(pk__in=[])
    for definition in registry.definitions():
        for position, step in enumerate(definition.steps):
            if step.reply is not None:
                kept = SagaReply.objects.filter(
                    run=OuterRef("pk"), step=step.name, outcome=Outcome.ACCEPTED
                )
                answered |= Q(
                    Exists(kept),
                    name=definition.name,
                    version=definition.version,
                    position=position,
                )
    with transaction.atomic():
        # Locked and skipped when locked, as replies lock several runs in an order of their own.
        rows = SagaRun.objects.select_for_update(skip_locked=True).filter(
            answered, finished_at__isnull=True, wait=Wait.OPEN, holder="", run_at__gt=Now()
        )
        ids = list(rows.values_list("pk", flat=True)[:BATCH])
        if ids:
            SagaRun.objects.filter(pk__in=ids).update(run_at=Now())
            wake_after_commit(TOPIC)
    return len(ids)


def _give(run: SagaRun, name: str, content: Any) -> bool:
    """Store a reply to one run, whose row is locked; whether it counts."""
    outcome = _outcome(run, name)
    SagaReply.objects.create(run=run, step=name, outcome=outcome, content=content)
    facts = {"saga": run.name, "saga_id": str(run.pk), "step": name}
    if outcome is not Outcome.ACCEPTED:
        log.warning("saga.reply_ignored", why=outcome.value, **facts)
        return False
    definition = registry.find(run.name, run.version)
    if run.wait == Wait.OPEN and definition and definition.place_of(name) == run.position:
        SagaRun.objects.filter(pk=run.pk).update(run_at=Now())
        wake_after_commit(TOPIC)
    log.info("saga.reply", **facts)
    return True


def _outcome(run: SagaRun, name: str) -> SagaReply.Outcome:
    if SagaReply.objects.filter(run=run, step=name, outcome=Outcome.ACCEPTED).exists():
        return Outcome.AGAIN
    if run.finished_at or run.direction == Direction.BACKWARD:
        return Outcome.LATE
    definition = registry.find(run.name, run.version)
    if definition is None:
        # Only the code of that version knows where the step is. It is kept for `wake_replied`,
        # unless the journal has the step: then it began without the reply.
        began = run.journal.filter(step=name, direction=Direction.FORWARD)
        return Outcome.LATE if began.exists() else Outcome.ACCEPTED
    place = definition.place_of(name)
    if place is None or definition.steps[place].reply is None:
        return Outcome.UNKNOWN
    if place != run.position:
        return Outcome.ACCEPTED if place > run.position else Outcome.LATE
    if run.wait == Wait.NONE:
        return Outcome.ACCEPTED
    # By the database's clock, whether or not a worker has come to it: late is late.
    in_time = SagaRun.objects.filter(pk=run.pk, wait=Wait.OPEN, holder="", run_at__gt=Now())
    return Outcome.ACCEPTED if in_time.exists() else Outcome.LATE
