"""The tables of sagas: where each run stands, the journal of what it did, and the replies to it."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

__all__ = ["Direction", "SagaReply", "SagaRun", "SagaStep", "Status", "Wait"]


class Status(models.TextChoices):
    """Where a run stands."""

    RUNNING = "running"
    COMPENSATING = "compensating"
    COMPLETED = "completed"
    COMPENSATED = "compensated"
    STUCK = "stuck"  # needs a person: see `ramet sagas`


class Direction(models.TextChoices):
    """Which way a run goes; it turns at most once."""

    FORWARD = "forward"
    BACKWARD = "backward"


class Wait(models.TextChoices):
    """Whether the present step waits, or what ended that; decided once, under the row's lock."""

    NONE = "none"
    OPEN = "open"
    REPLIED = "replied"
    TIMED_OUT = "timed_out"


LIVE = (Status.RUNNING, Status.COMPENSATING)


class SagaRun(models.Model):
    """One run of a saga. All times are the database's.

    `position` is the step that is done next, or undone next on the way back. `run_at` is when that
    is due; while a worker (`holder`) has the run it is the end of its lease. `epoch` grows with
    every claim: a holder whose epoch is not the row's any more has lost the run and can change
    nothing.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=200)
    version = models.PositiveIntegerField()
    key = models.CharField(max_length=200, blank=True, default="")
    state = models.JSONField()
    headers = models.TextField(default="{}", db_default="{}")
    """The request and the trace that started it, as an event carries them: each step goes on with
    them, so that log lines, calls and the audit log tell of one request."""
    status = models.CharField(max_length=20, choices=Status, default=Status.RUNNING)
    direction = models.CharField(max_length=10, choices=Direction, default=Direction.FORWARD)
    position = models.SmallIntegerField(default=0)
    attempts = models.PositiveIntegerField(default=0)
    earlier_attempts = models.PositiveIntegerField(default=0, db_default=0)
    """Attempts of the present step before a person resumed it: `attempts` counts anew from there,
    but whether the step may have happened does not."""
    round = models.PositiveIntegerField(default=0, db_default=0)
    """How often a person resumed the present step after a refusal. It is part of the idempotency
    keys of its calls: under the old keys the refusal would only be replayed."""
    wait = models.CharField(
        max_length=10, choices=Wait, default=Wait.NONE, db_default=Wait.NONE.value
    )
    """While it is open, `run_at` is when the time is over, and nobody holds the run."""
    step_started_at = models.DateTimeField(null=True)
    run_at = models.DateTimeField(db_default=Now())
    holder = models.CharField(max_length=200, blank=True, default="")
    epoch = models.BigIntegerField(default=0)
    failure = models.JSONField(null=True)
    error = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["run_at"],
                condition=Q(status__in=["running", "compensating"]),
                name="ramet_sagas_due",
            ),
            models.Index(  # few runs, however many wait
                fields=["run_at"],
                condition=Q(status__in=["running", "compensating"]) & ~Q(wait="open"),
                name="ramet_sagas_active",
            ),
            models.Index(fields=["name", "key"], name="ramet_sagas_key"),
            models.Index(
                fields=["finished_at"],
                condition=Q(finished_at__isnull=False),
                name="ramet_sagas_ended",
            ),
            models.Index(
                fields=["name", "version"],
                condition=Q(finished_at__isnull=True),
                name="ramet_sagas_open",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.version} {self.id} ({self.status})"


class SagaStep(models.Model):
    """What became of one step in one direction: one row, however many attempts it took."""

    class Outcome(models.TextChoices):
        DONE = "done"
        REFUSED = "refused"
        FAILED = "failed"  # the last attempt; the next one replaces it

    run = models.ForeignKey(SagaRun, on_delete=models.CASCADE, related_name="journal")
    step = models.CharField(max_length=200)
    direction = models.CharField(max_length=10, choices=Direction)
    outcome = models.CharField(max_length=10, choices=Outcome)
    wait = models.CharField(
        max_length=10, choices=Wait, default=Wait.NONE, db_default=Wait.NONE.value
    )
    """What ended the wait of a step that waited."""
    attempts = models.PositiveIntegerField()
    error = models.TextField(blank=True, default="")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField()

    class Meta:
        ordering = ["finished_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["run", "step", "direction"], name="ramet_sagas_one_row_a_step"
            )
        ]

    def __str__(self) -> str:
        return f"{self.step} {self.direction}: {self.outcome}"


class SagaReply(models.Model):
    """A reply to a waiting step of a run: the one that counts, and those that were ignored."""

    class Outcome(models.TextChoices):
        ACCEPTED = "accepted"
        AGAIN = "again"  # another one was accepted before
        LATE = "late"  # the wait was over, or the run does not come to the step any more
        UNKNOWN = "unknown"  # the version of the run has no such step

    run = models.ForeignKey(SagaRun, on_delete=models.CASCADE, related_name="replies")
    step = models.CharField(max_length=200)
    outcome = models.CharField(max_length=10, choices=Outcome)
    content = models.JSONField()
    received_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["received_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["run", "step"],
                condition=Q(outcome="accepted"),
                name="ramet_sagas_one_reply_counts",
            )
        ]

    def __str__(self) -> str:
        return f"{self.step}: {self.outcome}"
