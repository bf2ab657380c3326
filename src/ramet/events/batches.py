"""Several events in one transaction, for as long as nothing goes wrong.

One commit, one claim and one mark for many quick handlers is what makes an inbox fast. It must cost
no guarantee, so it is a bet that is taken back whole: whatever goes wrong inside (a handler raises,
a lock is not free at once, a constraint fails at the commit), all of it is rolled back, nothing is
noted, and each event is worked off anew in a transaction of its own, where alone failures count.
Who waits for a batch waits hardly longer than for one event: only handlers that were quick so far
take part, none begins when its time is over, and it gives up long before PostgreSQL would look for
a deadlock (`deadlock_timeout`, 1 s) and end another transaction for the batch's sake.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import DatabaseError, connection

from ramet.events import sql
from ramet.telemetry import tracing

QUICK = 0.01
"""Seconds that one event may take on the average; slower handlers gain nothing and block others."""
LONGEST = 0.03
"""Seconds after which a batch takes in no further event and commits: so long it holds its locks."""
LOCK_WAIT = 50
"""Milliseconds for which a batch waits for a lock, far less than `deadlock_timeout`."""
STATEMENT = 500
"""Milliseconds for any one statement in a batch."""

_LIMITS = ("55P03", "57014")
"""SQLSTATE of `lock_not_available` and `query_canceled`
(https://www.postgresql.org/docs/current/errcodes-appendix.html)."""


class Pace:
    """How many events of a handler one transaction takes: learned, shared by a worker's threads.

    One at first; twice as many whenever that went well and quickly; one again when it did not.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._sizes: dict[str, int] = {}

    def size(self, handler: str) -> int:
        """How many events a transaction with one for this handler may have, 1 or more."""
        return self._sizes.get(handler, 1)

    def went_well(self, handlers: Iterable[str], seconds: float) -> None:
        """A transaction with one event for each of `handlers` has committed; they took `seconds`
        in all."""
        done = list(handlers)
        is_quick = seconds <= QUICK * len(done)
        size = min(self._most, 2 * len(done)) if is_quick else 1
        self._sizes |= dict.fromkeys(done, size)

    def went_wrong(self, handlers: Iterable[str]) -> None:
        """It was rolled back; these could be the reason."""
        self._sizes |= dict.fromkeys(handlers, 1)


class Clock:
    """How long the handlers of one batch have run."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began

    @property
    def is_over(self) -> bool:
        """Whether the batch shall take in no further event."""
        return self.seconds > LONGEST


def bound_waits() -> None:
    """Let nothing in the current transaction wait long; on SQLite there is one writer anyway."""
    if sql.is_postgresql():
        sql.rows(
            f"SELECT set_config('lock_timeout', '{LOCK_WAIT}', true),"
            f" set_config('statement_timeout', '{STATEMENT}', true)"
        )


class LimitReached(Exception):
    """A handler met a limit that it would not have met alone, and went on."""


@contextmanager
def no_limit_swallowed() -> Iterator[None]:
    """Raise LimitReached at the end where a statement inside failed by the limits of `bound_waits`.

    A handler may catch database errors and do something else then. Alone it would have waited.
    """
    met: list[str] = []

    def watch(execute: Callable[..., Any], *statement: Any) -> Any:
        try:
            return execute(*statement)
        except DatabaseError as error:
            state = getattr(error.__cause__, "sqlstate", None)
            if state in _LIMITS:
                met.append(state)
            raise

    with connection.execute_wrapper(watch):
        yield
    if met:
        raise LimitReached(f"a statement in a batch was ended by its limits (SQLSTATE {met[0]})")


def part_commit_hooks(since: int) -> None:
    """Let no hook of one event keep those of the others from running once all are committed.

    `since`: how many hooks the transaction had before the first event. One that raises is logged by
    Django, as with `on_commit(robust=True)`.
    """
    hooks = connection.run_on_commit
    hooks[since:] = [(each[0], each[1], True) for each in hooks[since:]]  # type: ignore[misc]


def keep_trace_of_hooks(since: int) -> None:
    """Let the hooks of one event, run after the commit of all, be a part of its handler's trace."""
    hooks = connection.run_on_commit
    hooks[since:] = [
        (each[0], tracing.within_current(each[1]), each[2])  # type: ignore[misc]
        for each in hooks[since:]
    ]
