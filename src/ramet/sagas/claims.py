"""Who works on which run: claiming, renewing, advancing and releasing rows of SagaRun.

Each claim raises the row's epoch, and every later write of the holder names the epoch (and the
place) that it knows. A worker that was paused, and whose run went to another, writes nothing.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Case, F, Q, When
from django.db.models.functions import Coalesce, Now

from ramet.events import headers
from ramet.sagas import registry
from ramet.sagas.deciding import Next, Outcome, Progress, pause_after
from ramet.sagas.failure import Failure
from ramet.sagas.models import LIVE, Direction, SagaReply, SagaRun, SagaStep, Status, Wait
from ramet.sagas.steps import Step

__all__ = [
    "LEASE",
    "Claim",
    "LostClaim",
    "advance",
    "claim",
    "from_now",
    "is_replied",
    "release",
    "release_all",
    "renew",
    "until_next",
]

LEASE = 15.0
"""Seconds after which the run of a worker that died may be taken by another one."""

LONGEST_WAIT = 25.0
"""Seconds for which no run waits that is not told to: more than a lease, and than any pause.

A run that is due later than that was written before the database's clock was set back. It is due
now: else it would wait for as long as the clock was wrong. If its holder lives after all, the epoch
keeps it from writing.
"""


class LostClaim(Exception):
    """Another worker, or an operator, has taken the run: what was just done here does not count."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A run as its holder knows it."""

    id: UUID
    epoch: int
    name: str
    version: int
    state: Mapping[str, Any]
    headers: dict[str, str]
    progress: Progress
    failure: Failure | None
    round: int
    """How often the present step was resumed after a refusal."""
    wait: Wait
    """Not open, for a claim is what ends a wait; except where the code has lost the step."""
    step_started_at: datetime
    read_at: float
    """When `progress.elapsed` was true, on the clock of `time.monotonic`."""

    def elapsed(self) -> float:
        """Seconds since the first attempt of the present step, by the database's clock."""
        return self.progress.elapsed + time.monotonic() - self.read_at


def claim(holder: str) -> Claim | None:
    """Take the run that has been due for longest, if there is one that this code knows.

    The attempt that follows is counted here, before it begins: a step that kills its process uses
    up its attempts as any other.
    """
    with transaction.atomic():
        # Two queries, each with an index of its own: as one they may read all waiting runs.
        rows = SagaRun.objects.select_for_update(skip_locked=True)
        known = rows.filter(_known(), status__in=LIVE).order_by("run_at")
        row = known.filter(run_at__lte=Now()).annotate(read_at=Now()).first()
        if row is None:
            row = known.filter(_is_of_another_clock()).annotate(read_at=Now()).first()
        if row is None:
            return None
        wait = _ended(row)
        # The first attempt of a step that waited, even if code that lost the step had the run.
        is_first = row.wait != wait
        SagaRun.objects.filter(pk=row.pk).update(
            holder=holder,
            epoch=F("epoch") + 1,
            attempts=1 if is_first else F("attempts") + 1,
            step_started_at=Now() if is_first else Coalesce(F("step_started_at"), Now()),
            run_at=from_now(LEASE),
            wait=wait,
        )
    started = row.read_at if is_first else row.step_started_at or row.read_at
    return Claim(
        id=row.pk,
        epoch=row.epoch + 1,
        name=row.name,
        version=row.version,
        state=row.state,
        headers=headers.loaded(row.headers),
        progress=Progress(
            Direction(row.direction),
            row.position,
            1 if is_first else row.attempts + 1,
            max(0.0, (row.read_at - started).total_seconds()),
            row.earlier_attempts,
        ),
        failure=None if row.failure is None else Failure.read(row.failure),
        round=row.round,
        wait=wait,
        step_started_at=started,
        read_at=time.monotonic(),
    )


def until_next() -> float | None:
    """Seconds until a run is due: 0 or less when one is, None when none waits."""
    waiting = SagaRun.objects.filter(_known(), status__in=LIVE).order_by("run_at")
    found = waiting.values_list("run_at", Now()).first()
    return None if found is None else (found[0] - found[1]).total_seconds()


def advance(
    held: Claim,
    upcoming: Next,
    *,
    outcome: Outcome,
    state: Mapping[str, Any],
    failure: Failure | None,
    error: str,
    keep: bool,
) -> Claim | None:
    """Write what became of an attempt, and what comes next, in one transaction.

    Returns the claim for the next step when the run goes on at once and `keep` is set; otherwise
    the run is let go. Raises LostClaim, having written nothing, when the row is not as `held` says.
    """
    goes_on = upcoming.pause is None and upcoming.status in LIVE
    kept = goes_on and keep
    values: dict[str, Any] = {
        "state": dict(state),
        "status": upcoming.status,
        "direction": upcoming.direction,
        "position": upcoming.position,
        "failure": None if failure is None else failure.stored(),
        "error": error,
        "holder": F("holder") if kept else "",
        "run_at": from_now(LEASE if kept else upcoming.pause or 0.0),
    }
    if goes_on:
        # The next step's first attempt begins with this commit if the run is kept.
        values |= {"attempts": 1 if kept else 0, "step_started_at": Now() if kept else None}
        values |= {"earlier_attempts": 0, "round": 0, "wait": Wait.NONE}
    if upcoming.status not in LIVE and upcoming.status is not Status.STUCK:
        values["finished_at"] = Now()
    with transaction.atomic():
        written = SagaRun.objects.filter(
            pk=held.id,
            epoch=held.epoch,
            direction=held.progress.direction,
            position=held.progress.position,
            # Also the attempt: after a commit whose answer was lost, the row has moved on under the
            # same epoch, and must not be moved back.
            attempts=held.progress.attempts,
        ).update(**values)
        if not written:
            raise LostClaim(f"{held.name} {held.id} at epoch {held.epoch}")
        _write_journal(held, outcome, error)
    if not kept:
        return None
    return replace(
        held,
        state=state,
        failure=failure,
        round=0,
        wait=Wait.NONE,
        progress=Progress(upcoming.direction, upcoming.position, 1),
        # The database's time: what it said at the claim, and what has gone by since.
        step_started_at=held.step_started_at + timedelta(seconds=held.elapsed()),
        read_at=time.monotonic(),
    )


def renew(holder: str, held: Collection[tuple[UUID, int]]) -> None:
    """Give the named runs (id, epoch) another LEASE, as far as `holder` still has them."""
    if not held:
        return
    with transaction.atomic():
        # A reply locks its run as long as its transaction takes: the others must not wait for that.
        rows = SagaRun.objects.select_for_update(skip_locked=True)
        mine = rows.filter(_any_of(held), holder=holder, status__in=LIVE)
        ids = list(mine.values_list("pk", flat=True))
        SagaRun.objects.filter(pk__in=ids).update(run_at=from_now(LEASE))


def release(holder: str, held: Collection[tuple[UUID, int]]) -> None:
    """Let the named runs go: their holder gave up in the middle of a step.

    They are due after the pause of their attempt: what keeps an attempt from being written may keep
    the next one from it too, and each repeats the step's calls.
    """
    if held:
        SagaRun.objects.filter(_any_of(held), holder=holder, status__in=LIVE).update(
            holder="", run_at=_after_pause()
        )


def release_all(holder: str) -> int:
    """Make due whatever an earlier process of the same name held; how many runs that is.

    At once at a first attempt, else after the pause of the attempt, so that a step which kills its
    process at each start leaves time for the others. The epoch is raised, so that the earlier
    process, were it alive after all, cannot go on.
    """
    return SagaRun.objects.filter(holder=holder, status__in=LIVE).update(
        holder="", run_at=_after_pause(When(attempts__lte=1, then=Now())), epoch=F("epoch") + 1
    )


def is_replied(run_id: UUID, step: Step) -> bool:
    """Whether a reply to the step has been accepted."""
    accepted = SagaReply.Outcome.ACCEPTED
    return SagaReply.objects.filter(run_id=run_id, step=step.name, outcome=accepted).exists()


def _ended(row: SagaRun) -> Wait:
    """What ended the wait of a run that is due. Its row is locked, so a reply is there or late.

    Open where this code has lost the step: the attempt fails, and code that has it decides.
    """
    if row.wait != Wait.OPEN:
        return Wait(row.wait)
    definition = registry.find(row.name, row.version)
    assert definition is not None, "only known definitions are claimed"
    if row.position >= len(definition.steps):
        return Wait.OPEN
    return Wait.REPLIED if is_replied(row.pk, definition.steps[row.position]) else Wait.TIMED_OUT


def _write_journal(held: Claim, outcome: Outcome, error: str) -> None:
    definition = registry.find(held.name, held.version)
    assert definition is not None, "only known definitions are claimed"
    SagaStep.objects.bulk_create(
        [
            SagaStep(
                run_id=held.id,
                step=definition.steps[held.progress.position].name,
                direction=held.progress.direction,
                outcome=outcome.value,
                wait=held.wait,
                attempts=held.progress.attempts,
                error=error,
                started_at=held.step_started_at,
                finished_at=Now(),
            )
        ],
        update_conflicts=True,
        unique_fields=["run", "step", "direction"],
        update_fields=["outcome", "wait", "attempts", "error", "finished_at"],
    )


def _known() -> Q:
    """Runs whose definition is in this process; the others wait for the code that knows them."""
    known = Q(pk__in=[])
    for definition in registry.definitions():
        known |= Q(name=definition.name, version=definition.version)
    return known


def _is_of_another_clock() -> Q:
    return Q(run_at__gt=from_now(LONGEST_WAIT)) & ~Q(wait=Wait.OPEN)


def _any_of(held: Collection[tuple[UUID, int]]) -> Q:
    named = Q(pk__in=[])
    for run_id, epoch in held:
        named |= Q(pk=run_id, epoch=epoch)
    return named


def _after_pause(*sooner: When) -> Case:
    """A database time: after the pause that follows the attempt in hand, unless `sooner`."""
    few = range(1, 5)  # the pauses grow no more after these
    pauses = [When(attempts__lte=count, then=from_now(pause_after(count))) for count in few]
    return Case(*sooner, *pauses, default=from_now(pause_after(few.stop)))


def from_now(seconds: float) -> Any:
    """A database time in the future."""
    return Now() + timedelta(seconds=seconds)
