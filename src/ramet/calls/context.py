"""What a call hands on to the work that it asks for: the deadline, idempotency keys, who calls.

Context variables, so that every thread and every request has its own. They are set at the edge of
a process (`server`), by the client in process, and by sagas for the calls of their steps. The ids
of the request and the trace travel too; their home is structlog's context (`request_id`,
`traceparent`), so that they are on every log line and on every event.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ramet.calls.operations import Operation

__all__ = [
    "LONGEST_KEY",
    "IdempotencyScope",
    "Running",
    "calling_service",
    "deadline",
    "idempotency_scope",
    "remaining",
    "running",
    "use_deadline",
    "use_idempotency_scope",
]

LONGEST_KEY = 255
"""Characters of an idempotency key."""

deadline: ContextVar[float | None] = ContextVar("ramet_deadline", default=None)
"""When the work at hand must be done, on the clock of `time.monotonic()`; None: no limit."""

calling_service: ContextVar[str | None] = ContextVar("ramet_calling_service", default=None)
"""Which service asked for the work at hand, "gateway" for the outside; see `caller`."""


class Running:
    """One execution of an operation; another one of the same operation is another object."""

    __slots__ = ("operation", "ramet_is_audited")

    def __init__(self, operation: "Operation") -> None:
        self.operation = operation
        self.ramet_is_audited = False
        """Whether the audit log has an entry of it; `ramet.auditing` sets it."""


running: ContextVar[Running | None] = ContextVar("ramet_running", default=None)
"""The execution that this thread is at; None outside operations."""


class IdempotencyScope:
    """Gives the calls of one repeatable piece of work, such as a saga's step, their keys.

    The key is `<prefix>/<operation>/<n>`, n counting the calls of that operation: when the work is
    repeated and makes the same calls in the same order, it uses the same keys.
    """

    __slots__ = ("_counts", "prefix")

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self._counts: dict[str, int] = {}

    def next_key(self, operation: str) -> str:
        """Return the key for the next call of the operation with this full name."""
        number = self._counts[operation] = self._counts.get(operation, 0) + 1
        return f"{self.prefix}/{operation}/{number}"


idempotency_scope: ContextVar[IdempotencyScope | None] = ContextVar(
    "ramet_idempotency_scope", default=None
)
"""Where calls without an explicit idempotency key take theirs from; None: they have none."""


def remaining() -> float | None:
    """Return the seconds left until the deadline, negative when it has passed; None: no limit."""
    limit = deadline.get()
    return None if limit is None else limit - time.monotonic()


@contextmanager
def use_deadline(seconds: float) -> Iterator[None]:
    """Allow at most `seconds` for the calls inside; an earlier deadline around it stays."""
    limit, outer = time.monotonic() + seconds, deadline.get()
    token = deadline.set(limit if outer is None else min(limit, outer))
    try:
        yield
    finally:
        deadline.reset(token)


@contextmanager
def use_idempotency_scope(prefix: str) -> Iterator[None]:
    """Give each call inside an idempotency key that starts with `prefix`, counted from one."""
    token = idempotency_scope.set(IdempotencyScope(prefix))
    try:
        yield
    finally:
        idempotency_scope.reset(token)
