"""Dropping the oldest, so that the file keeps within its limits."""

from __future__ import annotations

import sqlite3
from collections import Counter
from dataclasses import dataclass

from ramet.tools.dashboard.store import facts
from ramet.tools.dashboard.store.limits import Limits

__all__ = ["Counts", "drop_minutes", "drop_oldest", "drop_unused"]

PARTS = 50
"""A part of this size is dropped at a time: seldom, and never much."""
FACTS = 4
"""The facts of so large a part of the traces are dropped together."""


@dataclass(slots=True)
class Counts:
    """How many rows there are: counted once and kept up to date, as counting reads an index."""

    spans: int
    traces: int
    logs: int
    points: int
    forgotten: int = 0
    """The last trace whose facts were dropped, by its id."""

    def __bool__(self) -> bool:
        """Whether there is anything to drop."""
        return bool(self.spans or self.logs or self.points)

    @classmethod
    def of(cls, connection: sqlite3.Connection) -> Counts:
        """Count what is there."""
        tables = ("spans", "traces", "logs", "points")
        counts = (f"SELECT count(*) FROM {table}" for table in tables)  # noqa: S608
        return cls(*(_number(connection, query) for query in counts))


def drop_oldest(connection: sqlite3.Connection, limits: Limits, counts: Counts) -> Counter[str]:
    """Drop what is over the limits, the first that came; how many items of each signal.

    Traces go as a whole, in the order in which their first span arrived: a sender's wrong clock
    neither saves nor condemns them.
    """
    dropped: Counter[str] = Counter()
    while counts.spans > limits.spans:
        dropped["traces"] += _drop_traces(connection, counts)
    while counts.logs > limits.logs:
        dropped["logs"] += _drop_logs(connection, counts)
    while counts.points > limits.points:
        dropped["metrics"] += _drop_points(connection, counts)
    # Pages that become free are used again: the file does not shrink, and need not grow.
    while counts and _bytes_used(connection) > limits.bytes:
        dropped["traces"] += _drop_traces(connection, counts)
        dropped["logs"] += _drop_logs(connection, counts)
        dropped["metrics"] += _drop_points(connection, counts)
        _drop_first_minutes(connection)
    return +dropped


def drop_minutes(connection: sqlite3.Connection, before: int) -> None:
    """Drop the figures of minutes (since the epoch) before this one."""
    for table in ("operation_minutes", "edge_minutes"):
        connection.execute(f"DELETE FROM {table} WHERE minute < ?", (before,))  # noqa: S608
    connection.execute("DELETE FROM services WHERE last < ?", (before,))


def drop_unused(connection: sqlite3.Connection) -> None:
    """Drop series without points, and resources that nothing refers to. Reads everything."""
    connection.execute("DELETE FROM series WHERE id NOT IN (SELECT series FROM points)")
    connection.execute(
        "DELETE FROM resources WHERE id NOT IN (SELECT resource FROM spans "
        "UNION SELECT resource FROM logs UNION SELECT resource FROM series)"
    )


def _drop_traces(connection: sqlite3.Connection, counts: Counts) -> int:
    rows = connection.execute(
        "SELECT id, trace_id FROM traces ORDER BY id LIMIT ?", (_part(counts.traces),)
    ).fetchall()
    spans = connection.executemany(
        "DELETE FROM spans WHERE trace_id = ?", [(trace_id,) for _, trace_id in rows]
    ).rowcount
    if rows:
        last = rows[-1][0]
        connection.execute("DELETE FROM traces WHERE id <= ?", (last,))
        # Each time all of them are read, so they may stay for a while after their traces.
        if last - counts.forgotten >= counts.traces // FACTS:
            facts.drop(connection, last)
            counts.forgotten = last
    counts.traces -= len(rows)
    counts.spans -= spans
    return spans


def _drop_logs(connection: sqlite3.Connection, counts: Counts) -> int:
    number = connection.execute(
        "DELETE FROM logs WHERE id IN (SELECT id FROM logs ORDER BY id LIMIT ?)",
        (_part(counts.logs),),
    ).rowcount
    counts.logs -= number
    return number


def _drop_points(connection: sqlite3.Connection, counts: Counts) -> int:
    number = connection.execute(
        "DELETE FROM points WHERE (series, time) IN "
        "(SELECT series, time FROM points ORDER BY time LIMIT ?)",
        (_part(counts.points),),
    ).rowcount
    counts.points -= number
    return number


def _drop_first_minutes(connection: sqlite3.Connection) -> None:
    first = connection.execute("SELECT min(minute) FROM operation_minutes").fetchone()[0]
    if first is not None:
        drop_minutes(connection, first + 1)


def _part(number: int) -> int:
    return max(1, number // PARTS)


def _bytes_used(connection: sqlite3.Connection) -> int:
    pages = _number(connection, "PRAGMA page_count") - _number(connection, "PRAGMA freelist_count")
    return pages * _number(connection, "PRAGMA page_size")


def _number(connection: sqlite3.Connection, query: str) -> int:
    return int(connection.execute(query).fetchone()[0])
