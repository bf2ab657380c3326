"""Events for later: kept in a table of their own until their time, then published as of then.

So they cost the relay nothing while they wait, work on every broker, and survive whatever happens.
An event takes its place in the order of its key when its time has come: behind what was published
until then, before what is published later.
"""

# ruff: noqa: S608  values are parameters; what is put in are expressions of ramet.events.sql

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from django.db import transaction
from django.utils.timezone import is_naive

from ramet.events import sql, wake
from ramet.events.keys import lock_of
from ramet.events.options import options
from ramet.failpoints import reached

log = structlog.get_logger("ramet.events")

OUTBOX = "outbox"
"""The topic that wakes the relay."""

BATCH = 500
"""Events that become due in one transaction."""

LOOK = 0.25
"""Seconds between two looks of one process at least."""

LONGEST_DELAY = timedelta(days=36_500)

_COLUMNS = 'event_id, type, version, "key", "partition", payload, headers'
_ONE_RELEASE = lock_of("ramet.events.scheduled")


def due_time(delay: timedelta | None, at: datetime | None) -> tuple[str, Any] | None:
    """When an event is due, as an SQL expression with one parameter; None: at once.

    Raises ValueError or TypeError, in words, for what names no time.
    """
    if delay is not None and at is not None:
        raise ValueError("publish() was given both delay and at; give one of them")
    if at is not None:
        if not isinstance(at, datetime):
            raise TypeError(f"publish(at={at!r}): at is an aware datetime")
        if is_naive(at):
            raise ValueError(
                f"publish(at={at!r}): a time without a time zone is another moment in each of them."
                " Give an aware datetime, such as timezone.now() + timedelta(hours=1) with"
                " django.utils.timezone"
            )
        return "%s", sql.time_in(at)
    if delay is None:
        return None
    if not isinstance(delay, timedelta):
        raise TypeError(
            f"publish(delay={delay!r}): delay is a timedelta, such as timedelta(minutes=5)"
        )
    if not timedelta(0) <= delay <= LONGEST_DELAY:
        raise ValueError(
            f"publish(delay={delay!r}): from 0 to {LONGEST_DELAY.days:,} days are possible"
        )
    return (sql.later(), delay.total_seconds()) if delay else None


def schedule(rows: Sequence[Sequence[Any]], due: tuple[str, Any]) -> None:
    """Store rows of the outbox for later, in the caller's transaction."""
    expression, value = due
    places = ", ".join([f"(%s, %s, %s, %s, %s, %s, %s, {expression})"] * len(rows))
    sql.run(
        f"INSERT INTO ramet_events_scheduled ({_COLUMNS}, due) VALUES {places}",
        [each for row in rows for each in (*row, value)],
    )


def cancel(*event_ids: UUID) -> int:
    """Have events that `publish` scheduled not be published; returns how many that concerned.

    The others have become due: they are on their way, or worked off. Part of the transaction that
    it is called in, if there is one.
    """
    if not event_ids:
        return 0
    condition, values = sql.among("event_id", [sql.uuid_in(each) for each in event_ids])
    return sql.run(f"DELETE FROM ramet_events_scheduled WHERE {condition}", values)


class Calendar:
    """Puts what is due into the outbox, for the loop that reads it."""

    def __init__(self) -> None:
        self._look_at = 0.0
        self._due_at: float | None = None
        self._busy: set[str] = set()
        """Keys that were locked when last looked; left out, or they could fill the batch."""

    def release(self) -> float | None:
        """Publish what is due; returns the seconds until the next is, None when there is none.

        Cheap to call in every round: looks at most once in LOOK seconds.
        """
        now = time.monotonic()
        if now >= self._look_at:
            if self._release_batch() == BATCH:
                return 0
            self._busy.clear()
            ((left,),) = sql.rows(f"SELECT {sql.age('min(due)')} FROM ramet_events_scheduled")
            self._look_at = now + LOOK
            self._due_at = None if left is None else now - float(left)
        return None if self._due_at is None else max(self._look_at, self._due_at) - now

    def _release_batch(self) -> int:
        """Move a batch in one transaction; returns how many."""
        condition, values = self._due()
        first = f"SELECT 1 FROM ramet_events_scheduled WHERE {condition} LIMIT 1"
        if not sql.rows(first, values):
            return 0
        with transaction.atomic():
            if sql.is_postgresql():
                # 1. One process at a time, or a later one of a key could overtake an earlier one.
                ((is_alone, _),) = sql.rows(
                    f"SELECT pg_try_advisory_xact_lock(%s), {sql.not_asleep(options().lease)}",
                    [_ONE_RELEASE],
                )
                if not is_alone:
                    return 0
            # 2. Not what somebody is about to cancel.
            found = sql.rows(
                f'SELECT seq, "key" FROM ramet_events_scheduled WHERE {condition}'
                f" ORDER BY due, seq LIMIT {BATCH}{sql.skip_locked()}",
                values,
            )
            # 3. As `publish` does: the key's lock before the row takes its number. Who has it now
            # may keep it for long, and must not hold up the others.
            locked = _lock({key for _, key in found})
            self._busy |= {key for _, key in found if key not in locked}
            reached("calendar.locked")
            released = [seq for seq, key in found if key in locked]
            if not released:
                return len(found)
            chosen, numbers = sql.among("seq", released)
            sql.run(
                f"INSERT INTO ramet_events_outbox ({_COLUMNS}) SELECT {_COLUMNS}"
                f" FROM ramet_events_scheduled WHERE {chosen} ORDER BY due, seq",
                numbers,
            )
            sql.run(f"DELETE FROM ramet_events_scheduled WHERE {chosen}", numbers)
            wake.wake_after_commit(OUTBOX)
            reached("calendar.before-commit")
        reached("calendar.after-commit")
        log.info("events.due", count=len(released))
        return len(found)

    def _due(self) -> tuple[str, list[object]]:
        condition = f"due <= {sql.now()}"
        if not self._busy:
            return condition, []
        among, keys = sql.among('"key"', sorted(self._busy))
        return f"{condition} AND NOT ({among})", keys


def _lock(keys: set[str]) -> set[str]:
    """Those of `keys` whose lock this transaction could take; on SQLite, with one writer, all."""
    if not sql.is_postgresql() or not keys:
        return keys
    numbers = {lock_of(key): key for key in sorted(keys)}
    taken = {
        number
        for (number,) in sql.rows(
            "SELECT number FROM unnest(%s::bigint[]) AS number"
            " WHERE pg_try_advisory_xact_lock(number)",
            [list(numbers)],
        )
    }
    return {key for key in keys if lock_of(key) in taken}
