"""A run as JSON values, for programs, and its standing in words, for people."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from ramet.events.headers import trace_id
from ramet.sagas import registry
from ramet.sagas.models import LIVE, Direction, SagaRun, Status, Wait

__all__ = ["NEEDS_A_PERSON", "age", "describe", "standing"]

NEEDS_A_PERSON = "needs a person"
"""What people are told of a stuck run."""


def describe(run: SagaRun, *, fully: bool = False) -> dict[str, Any]:
    """A run as JSON values; `fully` adds state, failure, journal and replies.

    Times are ISO 8601 in UTC. `waits_for` is "code" when this process does not know the version,
    "reply" or "time" when the present step waits until `due_at`, else None. `is_known` and `step`
    are as far as the code of this process can tell.
    """
    short = {
        "id": str(run.pk),
        "saga": run.name,
        "version": run.version,
        "is_known": registry.find(run.name, run.version) is not None,
        "key": run.key,
        "trace_id": trace_id(run.headers),
        "status": run.status,
        "direction": run.direction,
        "waits_for": _waits_for(run),
        "step": _step_name(run),
        "attempts": run.attempts,
        "error": run.error,
        "holder": run.holder,
        "created_at": run.created_at.isoformat(),
        "age_seconds": _age(run),
        "due_at": run.run_at.isoformat() if run.status in LIVE else None,
        "finished_at": run.finished_at.isoformat() if run.finished_at else None,
    }
    if not fully:
        return short
    return {
        **short,
        "state": run.state,
        "failure": run.failure,
        "journal": [
            {
                "step": entry.step,
                "direction": entry.direction,
                "outcome": entry.outcome,
                "wait": entry.wait,
                "attempts": entry.attempts,
                "error": entry.error,
                "started_at": entry.started_at.isoformat(),
                "finished_at": entry.finished_at.isoformat(),
            }
            for entry in run.journal.all()
        ],
        "replies": [
            {
                "step": reply.step,
                "outcome": reply.outcome,
                "content": reply.content,
                "received_at": reply.received_at.isoformat(),
            }
            for reply in run.replies.all()
        ],
    }


def standing(run: SagaRun) -> str:
    """Where a run stands, in words: its status, or what a person has to know before that."""
    waits_for = _waits_for(run)
    if waits_for == "code":
        return f"waits for code of version {run.version}"
    if waits_for is not None:
        until = run.run_at.strftime("%Y-%m-%d %H:%M:%S UTC")
        return (
            f"waits for a reply until {until}" if waits_for == "reply" else f"waits until {until}"
        )
    return NEEDS_A_PERSON if run.status == Status.STUCK else run.status


def age(run: SagaRun) -> str:
    """How long ago a run was started, for people: `3 s`, `12 min`, `5 h`, `9 d`."""
    seconds = int(_age(run))
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def _age(run: SagaRun) -> float:
    return round(max(0.0, (timezone.now() - run.created_at).total_seconds()), 1)


def _waits_for(run: SagaRun) -> str | None:
    if run.finished_at:
        return None
    definition = registry.find(run.name, run.version)
    if definition is None:
        return "code"
    if run.wait != Wait.OPEN or run.status not in LIVE or run.holder:
        return None
    if not 0 <= run.position < len(definition.steps):
        return None  # the step was taken out without a new version
    return "time" if definition.steps[run.position].reply is None else "reply"


def _step_name(run: SagaRun) -> str:
    """The method that is called next; the position where the code does not know the saga."""
    definition = registry.find(run.name, run.version)
    if run.finished_at:
        return ""
    if definition is None or not 0 <= run.position < len(definition.steps):
        return f"#{run.position}"
    step = definition.steps[run.position]
    return step.name if run.direction == Direction.FORWARD else step.undo or step.name
