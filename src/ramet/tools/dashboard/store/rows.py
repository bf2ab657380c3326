"""Writing rows: what one transaction adds to the tables of spans, logs and points."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

from ramet.tools.dashboard.store import facts
from ramet.tools.dashboard.store.kinds import ERROR, SERVER
from ramet.tools.dashboard.store.minutes import SERVICES, Known, Minutes
from ramet.tools.dashboard.store.pairing import Pairing
from ramet.tools.dashboard.store.records import LogRecord, PointRecord, SeriesKey, SpanRecord
from ramet.tools.dashboard.store.schema import INSERT_SPAN

__all__ = ["Rows"]

KNOWN = 10_000
"""Resources, or series, after which unused ones are looked for."""

# Spans arrive in any order and in any portions, so each column is the best of what they say.
_IS_ROOT = "(excluded.rooted, rooted, root_start) > (rooted, excluded.rooted, excluded.root_start)"
_TELLS_MORE = "(excluded.named, excluded.named_at) < (named, named_at)"
_UPSERT_TRACE = f"""
INSERT INTO traces
    (trace_id, first, last, failed, rooted, root_start, service, named, named_at, operation, user)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (trace_id) DO UPDATE SET
    first = min(first, excluded.first),
    last = max(last, excluded.last),
    failed = max(failed, excluded.failed),
    rooted = max(rooted, excluded.rooted),
    root_start = CASE WHEN {_IS_ROOT} THEN excluded.root_start ELSE root_start END,
    service = CASE WHEN {_IS_ROOT} THEN excluded.service ELSE service END,
    named = min(named, excluded.named),
    named_at = CASE WHEN {_TELLS_MORE} THEN excluded.named_at ELSE named_at END,
    operation = CASE WHEN {_TELLS_MORE} THEN excluded.operation ELSE operation END,
    user = coalesce(user, excluded.user)
"""  # noqa: S608
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Rows:
    """Writes into one connection. Remembers ids, which a rolled back transaction takes back."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._known = Known()
        self._pairing = Pairing()
        self._resources: dict[str, int] = {}
        self._series: dict[SeriesKey, int] = {}

    def forget(self) -> None:
        """Ids that were given may be no more: after a rollback, and after rows were dropped."""
        self._resources.clear()
        self._series.clear()

    @property
    def is_crowded(self) -> bool:
        """Whether there are so many resources or series that unused ones should go."""
        return max(len(self._resources), len(self._series)) >= KNOWN

    def add_spans(self, spans: Sequence[SpanRecord]) -> tuple[int, int]:
        """Write spans and what is counted from them; how many spans and traces were new."""
        new = self._insert(spans)
        traces = self._upsert_traces(new)
        facts.add(self._connection, new)
        minutes = Minutes(self._known)
        minutes.count(new)
        self._pairing.settle(self._connection, new, minutes)
        minutes.write(self._connection)
        return len(new), traces

    def add_logs(self, logs: Iterable[LogRecord]) -> None:
        """Write log records."""
        self._connection.executemany(
            "INSERT INTO logs (time, service, severity, body, trace_id, span_id, attributes, "
            "resource) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [(*log[:-1], self._resource(log.resource)) for log in logs],
        )

    def add_points(self, points: Iterable[PointRecord]) -> int:
        """Write points; how many were new. One that came before is written over."""
        rows = [(self._series_id(point.series), *point[1:]) for point in points]
        again = self._connection.executemany(
            "DELETE FROM points WHERE series = ?1 AND time = ?2", [row[:2] for row in rows]
        ).rowcount
        self._connection.executemany("INSERT OR REPLACE INTO points VALUES (?, ?, ?, ?, ?)", rows)
        return len({row[:2] for row in rows}) - again

    def add_services(self, names: Iterable[str], minute: int) -> int:
        """Note that something of these services came in this minute (since the epoch).

        Of more than SERVICES those stay that were heard of last, and of one minute those that were
        there before: a program with a new name each time drives out no other. How many went.
        """
        heard = set(names)
        known = dict(self._connection.execute("SELECT name, last FROM services").fetchall())
        new = heard - known.keys()
        over = len(known) + len(new) - SERVICES
        silent = sorted((last, name) for name, last in known.items() if name not in heard)
        gone = [name for last, name in silent[: max(0, over)] if last < minute]
        listed = [*(heard - new), *sorted(new)[: max(0, SERVICES - len(known) + len(gone))]]
        self._connection.executemany("DELETE FROM services WHERE name = ?", [(n,) for n in gone])
        self._connection.executemany(
            "INSERT OR REPLACE INTO services VALUES (?, ?)", [(name, minute) for name in listed]
        )
        return max(0, over)

    def taken_beyond(self) -> int:
        """See `Known`."""
        return self._known.taken_beyond()

    def _insert(self, spans: Sequence[SpanRecord]) -> Sequence[SpanRecord]:
        """The spans that were not here before: senders send again what was not answered in time."""
        resource = self._resource
        self._connection.execute("SAVEPOINT spans")
        try:
            self._connection.executemany(
                INSERT_SPAN, [(*span[:-1], resource(span.resource)) for span in spans]
            )
        except sqlite3.IntegrityError:
            self._connection.execute("ROLLBACK TO spans")
            self.forget()
            spans = [span for span in _distinct(spans) if not self._has(span)]
            self._connection.executemany(
                INSERT_SPAN, [(*span[:-1], resource(span.resource)) for span in spans]
            )
        self._connection.execute("RELEASE spans")
        return spans

    def _has(self, span: SpanRecord) -> bool:
        found = self._connection.execute(
            "SELECT 1 FROM spans WHERE trace_id = ? AND span_id = ?", span[:2]
        ).fetchone()
        return found is not None

    def _upsert_traces(self, spans: Iterable[SpanRecord]) -> int:
        traces: dict[bytes, list[SpanRecord]] = {}
        for span in spans:
            traces.setdefault(span.trace_id, []).append(span)
        last = self._last_trace()
        self._connection.executemany(
            _UPSERT_TRACE, [_trace(trace_id, together) for trace_id, together in traces.items()]
        )
        return int(
            self._connection.execute(
                "SELECT count(*) FROM traces WHERE id > ?", (last,)
            ).fetchone()[0]
        )

    def _last_trace(self) -> int:
        return int(
            self._connection.execute("SELECT coalesce(max(id), 0) FROM traces").fetchone()[0]
        )

    def _resource(self, attributes: str) -> int:
        known = self._resources.get(attributes)
        if known is None:
            known = self._id("resources", ("attributes",), (attributes,))
            self._resources[attributes] = known
        return known

    def _series_id(self, key: SeriesKey) -> int:
        known = self._series.get(key)
        if known is None:
            values = (*key[:-1], self._resource(key.resource))
            known = self._id("series", SeriesKey._fields, values)
            self._series[key] = known
        return known

    def _id(self, table: str, columns: Sequence[str], values: Sequence[object]) -> int:
        """The id of the row with these values, which is made where there is none."""
        marks = ", ".join("?" * len(columns))
        self._connection.execute(
            f"INSERT OR IGNORE INTO {table} ({', '.join(columns)}) VALUES ({marks})",  # noqa: S608
            values,
        )
        row = self._connection.execute(
            f"SELECT id FROM {table} WHERE ({', '.join(columns)}) = ({marks})",  # noqa: S608
            values,
        ).fetchone()
        return int(row[0])


def _distinct(spans: Iterable[SpanRecord]) -> Iterable[SpanRecord]:
    return {span[:2]: span for span in spans}.values()


def _trace(trace_id: bytes, spans: Sequence[SpanRecord]) -> tuple[object, ...]:
    """A row of traces from some of its spans: all of it can be merged with that of the others."""
    root = min(spans, key=lambda span: (span.parent_id is not None, span.start))
    name = min(spans, key=_naming)
    return (
        trace_id,
        min(span.start for span in spans),
        max(span.start + span.duration for span in spans),
        any(span.status == ERROR for span in spans),
        root.parent_id is None,
        root.start,
        root.service,
        *_naming(name),
        name.name,
        next((span.user for span in spans if span.user), None),
    )


def _naming(span: SpanRecord) -> tuple[int, int]:
    """How badly a span names its trace, and when.

    The root does it best, unless it is a proxy's that knows the method only; then the first server
    span that knows the route.
    """
    vague = span.name in _METHODS
    if span.parent_id is None:
        return 2 * vague, span.start
    return 1 if span.kind == SERVER and not vague else 3, span.start
