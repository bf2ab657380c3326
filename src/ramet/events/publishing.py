"""Publishing: the event becomes an outbox row in the transaction that makes it true.

So it is sent if and only if that transaction commits, and whatever happens to broker, worker or
process afterwards, the row is there to be sent.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import connection, transaction

from ramet.events import headers, metrics, scheduled, spans, sql, wake
from ramet.events.declaration import EventType, key_or_id, type_of
from ramet.events.errors import EventTooLarge, InvalidEvent, PublishOutsideTransaction
from ramet.events.keys import lock_of, partition_of, why_not_storable
from ramet.events.options import options
from ramet.events.scheduled import OUTBOX as OUTBOX
from ramet.events.surroundings import Surroundings, surroundings
from ramet.failpoints import reached

_INSERT = (
    'INSERT INTO ramet_events_outbox (event_id, type, version, "key", "partition", payload,'
    " headers) VALUES "
)


def publish(
    *events: object, delay: timedelta | None = None, at: datetime | None = None
) -> tuple[UUID, ...]:
    """Announce one or several events, if and when the current transaction commits.

    Returns their ids. With `delay`, which the database's clock measures, or `at`, an aware time,
    they are announced then, at most about a second later; `ramet.events.cancel` takes those ids
    until it is so. Such an event takes its place in the order of its key when its time has come.

    Events of one key reach every handler in the order in which their transactions committed. For
    that, the transaction holds the key's lock until it ends: publish late in a transaction. Several
    events given at once take their locks in one order, so that two transactions cannot deadlock.

    Raises PublishOutsideTransaction outside `transaction.atomic()` (a TestCase's own transaction
    does not count, it is not there in production), InvalidEvent for what is no event, is of a
    service that lives elsewhere, has a field of the wrong type or a key of more than 255
    characters, EventTooLarge, and ValueError or TypeError for a time without time zone and what
    else is no time. Nothing is announced then.
    """
    if not _in_transaction():
        names = ", ".join(type(event).__name__ for event in events)
        raise PublishOutsideTransaction(
            f"publish({names}) was called outside transaction.atomic(). An event is announced"
            " together with the change that it tells of: put both into one"
            " `with transaction.atomic():` block."
        )
    due = scheduled.due_time(delay, at)
    limit, place = options().largest_event, surroundings()
    rows: list[list[Any]] = []
    for event in events:
        declaration = _declaration(event)
        _refuse_foreign(declaration, place)
        payload = declaration.encode(event)
        _refuse_oversized(declaration, len(payload.encode()), limit)
        event_id = uuid4()
        key = key_or_id(declaration, event, event_id)
        _refuse_unstorable(declaration, key)
        with spans.publishing(declaration.name, event_id, key):
            context = headers.dumped(headers.captured())
        rows.append(
            [
                sql.uuid_in(event_id),
                declaration.name,
                declaration.version,
                key,
                partition_of(key),
                payload,
                context,
            ]
        )
    if rows:
        if due is None:
            _insert(rows)
        else:
            scheduled.schedule(rows, due)
        types = [str(row[1]) for row in rows]
        transaction.on_commit(lambda: _count(types), robust=True)
        wake.wake_after_commit(OUTBOX)
    return tuple(sql.uuid_out(row[0]) for row in rows)


def _insert(rows: list[list[Any]]) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # Order is correctness: the lock comes before the row takes its number, and is held
            # until commit, so that within a key a higher number always means a later commit.
            for lock in sorted({lock_of(str(row[3])) for row in rows}):
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [lock])
            reached("outbox.locked")
        values = ", ".join(["(%s, %s, %s, %s, %s, %s, %s)"] * len(rows))
        cursor.execute(_INSERT + values, [value for row in rows for value in row])
    reached("outbox.inserted")


def _count(types: Iterable[str]) -> None:
    for each in types:
        metrics.PUBLISHED.add(1, each)


def _in_transaction() -> bool:
    """Whether code of the project, not a TestCase, opened a transaction that is still running."""
    return any(not getattr(block, "_from_testcase", False) for block in connection.atomic_blocks)


def _declaration(event: object) -> EventType:
    declaration = type_of(type(event))
    if declaration is None:
        raise InvalidEvent(
            f"publish() was given a {type(event).__qualname__}, which is no event."
            " Declare its class with @ramet.event(version=1, key=...) in the app's events.py"
            " and publish an instance of it."
        )
    return declaration


def _refuse_foreign(declaration: EventType, place: Surroundings) -> None:
    """What another service declares is that service's to say: nobody would believe it from here."""
    service = place.service_of(declaration.owner)
    if not place.is_here(service):
        raise InvalidEvent(
            f"{declaration.name} cannot be published here: it is an event of the service {service},"
            " which does not live in this process. Announce an event of your own, or call an"
            f" operation of {service} that publishes this one."
        )


def _refuse_unstorable(declaration: EventType, key: str) -> None:
    if reason := why_not_storable(key):
        raise InvalidEvent(
            f"{declaration.name} cannot be published: its key {declaration.key} has {reason}."
            " A key is the id of the thing that changed; carry longer text in another field."
        )


def _refuse_oversized(declaration: EventType, size: int, limit: int) -> None:
    if size > limit:
        raise EventTooLarge(
            f"{declaration.name} is {size:,} bytes when encoded; at most {limit:,} can be"
            " published. Announce an id and let the others ask for the rest, or raise"
            ' RAMET_EVENTS["largest_event"] together with the limit of the broker.'
        )
