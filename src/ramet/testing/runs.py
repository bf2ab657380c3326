"""What a test looks at: one run of a saga, as it stands in the database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

from ramet.sagas.definition import Definition, Saga, restore
from ramet.sagas.failure import Failure
from ramet.sagas.models import Direction, SagaRun, SagaStep

__all__ = ["Run", "run_of"]

S = TypeVar("S", bound=Saga)


@dataclass(frozen=True, slots=True)
class Run(Generic[S]):
    """One run, read when it was asked for."""

    id: UUID
    status: str
    """`running`, `compensating`, `completed`, `compensated` or `stuck`."""
    saga: S
    """Its fields, as the next step would see them."""
    failure: Failure | None
    """Why it turned back."""
    error: str
    """What the last attempt that did not succeed said."""
    done: tuple[str, ...]
    """The steps that are done, in the order in which they were."""
    undone: tuple[str, ...]
    """The steps that were taken back, in the order in which they were."""


def run_of(saga: type[S], definition: Definition, row: SagaRun) -> Run[S]:
    """A row of the database as a Run."""
    failure = None if row.failure is None else Failure.read(row.failure)
    restored = restore(definition, row.state, row.pk, failure)
    assert isinstance(restored, saga)
    done = SagaStep.objects.filter(run=row, outcome=SagaStep.Outcome.DONE).order_by("pk")
    steps = list(done.values_list("step", "direction"))
    return Run(
        id=row.pk,
        status=row.status,
        saga=restored,
        failure=failure,
        error=row.error,
        done=tuple(step for step, direction in steps if direction == Direction.FORWARD),
        undone=tuple(step for step, direction in steps if direction == Direction.BACKWARD),
    )
