"""No broker at all: publisher and handlers share one database, so rows go from outbox to inbox.

It is not an adapter behind `Broker`, because nothing has to be sent, acknowledged or made up for:
the move is one transaction of the database that both tables are in.
"""

# ruff: noqa: S608  values are parameters; what is put in are expressions of ramet.events.sql

from __future__ import annotations

from django.db import transaction

from ramet.events import metrics, spans, sql
from ramet.events.declaration import declared
from ramet.events.keys import lock_of
from ramet.events.options import options
from ramet.events.publishing import OUTBOX
from ramet.events.relay import COLUMNS, carried_by, envelope_of
from ramet.events.scheduled import Calendar
from ramet.events.storing import store
from ramet.events.subscription import subscriptions, subscriptions_to
from ramet.events.surroundings import Surroundings
from ramet.events.worker import Loop
from ramet.failpoints import reached

BATCH = 500

_FAMILY = "substr(type, 1, length(type) - length(CAST(version AS text)) - 2)"
"""The name of a row's event without its version."""

_ONE_MOVER = lock_of("ramet.events.shared_database")


class Mover(Loop):
    """Moves what was published to every handler of it."""

    name = "relay"
    topics = (OUTBOX,)
    poll = 1.0

    def __init__(self, surroundings: Surroundings) -> None:
        super().__init__()
        self._surroundings = surroundings
        self._calendar = Calendar()

    def work(self) -> float | None:
        """Move one batch. An event that nobody here handles ends here: nobody else could want it.

        One that this code does not even declare stays: while workers are replaced one after the
        other, it is of newer code, whose worker knows its handlers. Of an event that something here
        subscribes to every version is moved: in the inbox, it keeps its place in the order of its
        key.
        """
        due = self._calendar.release()
        return 0 if move(self._surroundings) == BATCH else due


def move(surroundings: Surroundings) -> int:
    """Move the oldest committed rows in one transaction; returns how many.

    One mover at a time, or the inbox's numbers would not follow the order of keys: a second one
    leaves at once, the first looks again before it rests.
    """
    known = [name for each in declared().values() for name in each.names]
    if not known:
        return 0
    families = {each.declaration.family for each in subscriptions() if each.declaration}
    declared_here, values = sql.among("type", known)
    subscribed, more = sql.among(_FAMILY, sorted(families) or [""])
    condition, values = f"({declared_here} OR {subscribed})", [*values, *more]
    if not sql.rows(f"SELECT 1 FROM ramet_events_outbox WHERE {condition} LIMIT 1", values):
        return 0
    with transaction.atomic():
        if sql.is_postgresql():
            ((is_alone, _),) = sql.rows(
                f"SELECT pg_try_advisory_xact_lock(%s), {sql.not_asleep(options().lease)}",
                [_ONE_MOVER],
            )
            if not is_alone:
                return 0
        rows = sql.rows(
            f"SELECT {COLUMNS} FROM ramet_events_outbox WHERE {condition} ORDER BY seq"
            f" LIMIT {BATCH}",
            values,
        )
        if not rows:
            return 0
        reached("mover.read")
        wanting = {name: subscriptions_to(name) for name in {row[2] for row in rows}}
        with spans.travelling("send", map(carried_by, rows), None):
            store(
                (subscription, envelope_of(row, f"/{surroundings.system}"))
                for row in rows
                for subscription in wanting[row[2]]
            )
        reached("mover.stored")
        moved, numbers = sql.among("seq", [row[0] for row in rows])
        sql.run(f"DELETE FROM ramet_events_outbox WHERE {moved}", numbers)
        reached("mover.before-commit")
    reached("mover.after-commit")
    for row in rows:
        metrics.SENT.add(1, row[2])
    return len(rows)
