"""A span for each attempt of a step, of its undo, and for the beginning of a wait.

A child of the span that started the run, with a link to it: the run lay in a table in between.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import lru_cache

from ramet.events.surroundings import surroundings
from ramet.sagas.claims import Claim
from ramet.sagas.definition import Definition
from ramet.sagas.models import Direction, Wait
from ramet.sagas.steps import Step
from ramet.telemetry import propagation, tracing
from ramet.telemetry.spans import Shape

__all__ = ["attempt"]


def attempt(
    held: Claim, definition: Definition, step: Step, method: str, *, waits: bool
) -> AbstractContextManager[object]:
    """The span of what is done with a run now; `waits`: it begins to wait for its step."""
    is_undo = held.progress.direction is Direction.BACKWARD
    shape = _shape(definition.name, f"{method} waits" if waits else method, step.name, is_undo)
    if not tracing.is_on():
        return tracing.work(shape)
    said = {"ramet.saga_id": str(held.id), "ramet.attempt": held.progress.attempts}
    if waits:
        said["ramet.wait_seconds"] = step.wait
    elif held.wait is not Wait.NONE:
        said["ramet.waited_for"] = held.wait.value
    parent = propagation.parent_in(held.headers.get("traceparent"), held.headers.get("tracestate"))
    return tracing.work(
        shape,
        said,
        parent=parent,
        links=() if parent is None else (parent.link(),),
        service=surroundings().service_of(definition.saga.__module__),
    )


@lru_cache(maxsize=1024)
def _shape(saga: str, method: str, step: str, is_undo: bool) -> Shape:
    said = {"ramet.saga": saga, "ramet.step": step, "ramet.compensation": is_undo}
    return Shape(f"{saga.rpartition('.')[2]}.{method}", attributes=said)
