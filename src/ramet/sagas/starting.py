"""Starting a run inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import router, transaction

from ramet.events import headers
from ramet.events.wake import wake_after_commit
from ramet.sagas import metrics
from ramet.sagas.models import SagaRun

if TYPE_CHECKING:
    from ramet.sagas.definition import Saga

__all__ = ["TOPIC", "is_inside_transaction", "start"]

TOPIC = "sagas"
"""What wakes the loop of sagas."""


def start(saga: type[Saga], values: Mapping[str, Any]) -> UUID:
    """Insert a run of `saga`; see `Saga.start`."""
    definition = saga.__ramet_saga__
    if not is_inside_transaction():
        raise RuntimeError(
            f"{saga.__name__}.start() was called outside transaction.atomic(). What you save and"
            " the saga that works on it must be committed together: wrap both in one atomic block."
        )
    state = definition.state
    if unknown := sorted(set(values) - set(state.types)):
        raise TypeError(f"{saga.__name__}.start() has no field {', '.join(unknown)}")
    if missing := sorted(state.required - set(values)):
        raise TypeError(f"{saga.__name__}.start() lacks {', '.join(missing)}")
    complete = saga(**values)
    stored = state.encode({name: getattr(complete, name) for name in state.types})
    key = "" if definition.key is None else str(stored[definition.key])
    run = SagaRun.objects.create(
        name=definition.name,
        version=definition.version,
        key=key,
        state=stored,
        headers=headers.dumped(headers.captured()),
    )
    transaction.on_commit(lambda: metrics.STARTED.add(1, definition.name), robust=True)
    wake_after_commit(TOPIC)
    return run.pk


def is_inside_transaction() -> bool:
    """Whether the caller opened a transaction; that of a TestCase does not count."""
    connection = transaction.get_connection(router.db_for_write(SagaRun))
    return any(not getattr(block, "_from_testcase", False) for block in connection.atomic_blocks)
