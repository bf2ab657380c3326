"""The few expressions that PostgreSQL and SQLite spell differently. Time is the database's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone


def is_postgresql() -> bool:
    """Whether there are other writers at the same time, row locks and notifications."""
    return connection.vendor == "postgresql"


def now() -> str:
    """The current time, not that of the transaction's start."""
    return "clock_timestamp()" if is_postgresql() else "STRFTIME('%%Y-%%m-%%d %%H:%%M:%%f', 'NOW')"


def later() -> str:
    """`now()` plus one parameter, in seconds; a negative one gives a time that is past."""
    if is_postgresql():
        return "clock_timestamp() + make_interval(secs => %s)"
    return "STRFTIME('%%Y-%%m-%%d %%H:%%M:%%f', 'NOW', %s || ' seconds')"


def age(time: str) -> str:
    """Seconds since the time of an expression; negative for one to come."""
    if is_postgresql():
        return f"extract(epoch FROM {now()} - {time})"
    return f"(julianday('now') - julianday({time})) * 86400"


LONG_AGO = "'1970-01-01 00:00:00'"
"""A time that every clock has passed, also one that is set back later: for what is due at once."""


def due(column: str, longest: float) -> str:
    """Whether a time to be waited for has come, where nothing waits longer than `longest` seconds.

    A time beyond that was written before the database's clock was set back. It has come, too: else
    what should wait for seconds waits for as long as the clock was wrong.
    """
    if is_postgresql():
        beyond = f"clock_timestamp() + interval '{longest:g} seconds'"
    else:
        beyond = f"STRFTIME('%%Y-%%m-%%d %%H:%%M:%%f', 'NOW', '{longest:g} seconds')"
    return f"({column} <= {now()} OR {column} > {beyond})"


def among(column: str, values: Sequence[object]) -> tuple[str, list[object]]:
    """`column` is one of `values`, which are not empty, as condition and parameters."""
    if is_postgresql():
        return f"{column} = ANY(%s)", [list(values)]
    return f"{column} IN ({', '.join(['%s'] * len(values))})", list(values)


def skip_locked() -> str:
    """Lock the rows found, pass over those that another worker has. SQLite has one writer."""
    return " FOR UPDATE SKIP LOCKED" if is_postgresql() else ""


def not_asleep(seconds: float) -> str:
    """An expression to be evaluated in a short transaction that others wait for.

    PostgreSQL ends the session if this process sleeps in the transaction for so long: paused, or
    on a machine that vanished, it would keep its locks for hours. Only until the transaction ends.
    """
    if not is_postgresql() or len(connection.atomic_blocks) > 1:  # the outer one is not ours
        return "1"
    milliseconds = int(seconds * 1000)
    return f"set_config('idle_in_transaction_session_timeout', '{milliseconds}', true)"


def run(statement: str, parameters: Sequence[Any] = ()) -> int:
    """Execute and return the number of rows concerned."""
    with connection.cursor() as cursor:
        cursor.execute(statement, list(parameters))
        return int(cursor.rowcount)


def rows(statement: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """Execute and return all rows."""
    with connection.cursor() as cursor:
        cursor.execute(statement, list(parameters))
        return list(cursor.fetchall())


def uuid_in(value: UUID) -> UUID | str:
    """A UUID as Django stores it."""
    return value if is_postgresql() else value.hex


def uuid_out(value: UUID | str) -> UUID:
    """A UUID as it comes from a raw query."""
    return value if isinstance(value, UUID) else UUID(value)


def time_in(value: datetime) -> datetime | str:
    """An aware time as Django stores it."""
    if is_postgresql():
        return value
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ")


def time_out(value: datetime | str) -> datetime:
    """An aware time in UTC, as it comes from a raw query."""
    if isinstance(value, str):
        return datetime.fromisoformat(value).replace(tzinfo=UTC)
    return value.astimezone(UTC) if timezone.is_aware(value) else value.replace(tzinfo=UTC)


def is_connection_lost(error: BaseException, session: object) -> bool:
    """A database that went away must not use up the attempts of the handler.

    `session` is the driver's connection when the transaction began. Leaving the atomic block may
    have connected anew already: then it is another one.
    """
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    return connection.connection is not session or not connection.is_usable()
