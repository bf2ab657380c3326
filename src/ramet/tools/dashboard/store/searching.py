"""Lists of traces and logs: conditions, pages by key, and which logs arrived after."""

from __future__ import annotations

import json
import re
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ramet.tools.dashboard.store import facts
from ramet.tools.dashboard.store.answers import LogRow, LogSearch, TraceRow, TraceSearch

__all__ = [
    "find_logs",
    "find_traces",
    "id_of",
    "logs_of_trace",
    "read_services",
    "trace_rows",
    "traces_with",
]

MOST = 1_000
"""Rows of one answer, whatever was asked for."""
TEXT = 1_000
"""Characters of a text that is searched for: SQLite refuses very long patterns."""
LARGEST = 2**63 - 1
LEVELS = {"trace": 1, "debug": 5, "info": 9, "warning": 13, "error": 17, "fatal": 21}
"""The lowest SeverityNumber of each level, as OTLP's logs data model has them."""

_CURSOR = re.compile(r"([0-9]{1,19})-([0-9]{1,19})")
_TRACE = (
    "SELECT traces.id, trace_id, service, operation, rooted, first, last - first, user FROM traces"
)
_LOG = (
    "SELECT logs.id, time, service, severity, body, trace_id, span_id, logs.attributes, "
    "resources.attributes FROM logs LEFT JOIN resources ON resources.id = resource"
)


@dataclass(slots=True)
class Where:
    """Conditions that all must hold, with their values."""

    conditions: list[str] = field(default_factory=list)
    values: list[object] = field(default_factory=list)

    def add(self, condition: str, *values: object) -> None:
        """Add one; where a value is None, nothing."""
        if None not in values:
            self.conditions.append(condition)
            self.values.extend(map(_storable, values))

    def __str__(self) -> str:
        return f" WHERE {' AND '.join(self.conditions)}" if self.conditions else ""


def find_traces(connection: sqlite3.Connection, search: TraceSearch) -> list[TraceRow]:
    """The latest start first."""
    where = Where()
    where.add("first >= ?", search.since)
    where.add("first < ?", search.until)
    where.add("last - first >= ?", search.min_duration)
    where.add("last - first <= ?", search.max_duration)
    where.add("user = ?", search.user)
    where.add("failed = ?", {"error": 1, "ok": 0}.get(search.status or ""))
    spans = _span_conditions(search)
    if spans.conditions:
        _add_spans(connection, where, spans, _facts(search))
    if search.before:
        cursor = _CURSOR.fullmatch(search.before)
        if cursor is None:
            return []
        where.add("(first, traces.id) < (?, ?)", int(cursor[1]), int(cursor[2]))
    rows = connection.execute(
        f"{_TRACE}{where} ORDER BY first DESC, traces.id DESC LIMIT ?",
        (*where.values, _limit(search.limit)),
    ).fetchall()
    return trace_rows(connection, rows)


def read_services(connection: sqlite3.Connection) -> list[str]:
    """Names of services that were heard of in the time that figures by minute are kept."""
    rows = connection.execute("SELECT name FROM services ORDER BY name")
    return [name for (name,) in rows]


def traces_with(
    connection: sqlite3.Connection,
    fact: facts.Fact,
    condition: str,
    values: Sequence[object],
    since: int,
    until: int,
    limit: int,
) -> list[Sequence[Any]]:
    """Rows of traces with a span for which the condition holds, the latest start first; `fact` is
    one that such a span tells."""
    where = Where()
    where.add("first >= ?", since)
    where.add("first < ?", until)
    spans = Where()
    spans.add(f"({condition})", *values)
    _add_spans(connection, where, spans, [fact])
    return connection.execute(
        f"{_TRACE}{where} ORDER BY first DESC, traces.id DESC LIMIT ?",
        (*where.values, _limit(limit)),
    ).fetchall()


def _add_spans(
    connection: sqlite3.Connection, where: Where, spans: Where, told: Sequence[facts.Fact]
) -> None:
    """Add that a trace has a span for which the conditions hold, which tells these facts."""
    if not told:
        where.add(f"trace_id IN (SELECT trace_id FROM spans{spans})", *spans.values)  # noqa: S608
        return
    for fact in told:
        if facts.is_seldom(connection, fact):
            where.add(f"traces.id IN ({facts.candidates(fact)})")
            break
    else:
        # So many have them that enough are among the latest, which are looked at one by one.
        for fact in told:
            where.add(f"EXISTS ({facts.candidates(fact)} AND trace = traces.id)")
    spans.conditions.insert(0, "spans.trace_id = traces.trace_id")
    where.add(f"EXISTS (SELECT 1 FROM spans{spans})", *spans.values)  # noqa: S608


def _facts(search: TraceSearch) -> list[facts.Fact]:
    """Those that a span of this search tells, whatever else it does."""
    found = [facts.of_attribute(_key(key), value) for key, value in search.attributes]
    if search.service:
        found.append(facts.of_service(search.service))
    return [fact for fact in found if fact is not None]


def _span_conditions(search: TraceSearch) -> Where:
    where = Where()
    where.add("spans.service = ?", search.service)
    if search.operation:
        where.add("name LIKE ? ESCAPE '\\'", _containing(search.operation))
    for key, value in search.attributes:
        where.add("json_extract(attributes, ?) IN (?, ?)", _path(key), value, _plain(value))
    return where


def _path(key: str) -> str:
    """The JSON path of a key. SQLite knows no way to quote two characters, which are left out."""
    return f'$."{_key(key)}"'


def _key(key: str) -> str:
    return key.replace('"', "").replace("\0", "")


def _plain(value: str) -> object:
    """What SQLite makes of the JSON value that looks like this: true is 1."""
    try:
        plain = json.loads(value)
    except ValueError:
        return value
    return plain if isinstance(plain, int | float) else value


def trace_rows(connection: sqlite3.Connection, rows: Sequence[Sequence[Any]]) -> list[TraceRow]:
    """Complete rows of `traces` by what their spans say."""
    ids = [row[1] for row in rows]
    services: dict[object, list[str]] = defaultdict(list)
    spans: dict[object, int] = defaultdict(int)
    errors: dict[object, int] = defaultdict(int)
    for trace_id, service, number, failed in connection.execute(
        "SELECT trace_id, service, count(*), sum(status = 2) FROM spans "  # noqa: S608
        f"WHERE trace_id IN ({', '.join('?' * len(ids))}) GROUP BY trace_id, service "
        "ORDER BY min(start)",
        ids,
    ):
        services[trace_id].append(service)
        spans[trace_id] += number
        errors[trace_id] += failed
    return [
        TraceRow(
            id=id,
            trace_id=trace_id.hex(),
            service=service,
            operation=operation,
            rooted=bool(rooted),
            start=first,
            duration=duration,
            spans=spans[trace_id],
            errors=errors[trace_id],
            services=tuple(services[trace_id]),
            user=user,
        )
        for id, trace_id, service, operation, rooted, first, duration, user in rows
    ]


def find_logs(
    connection: sqlite3.Connection, search: LogSearch, after: int | None = None
) -> list[LogRow]:
    """The last arrived first; with `after`, what arrived after that id, in order of arrival."""
    where = Where()
    where.add("service = ?", search.service)
    if search.level and search.level != "trace":
        # Where none was given it is shown as `info`.
        lowest = LEVELS.get(search.level, 0)
        where.add("(severity >= ? OR (severity = 0 AND ? <= 9))", lowest, lowest)
    if search.text:
        where.add("body LIKE ? ESCAPE '\\'", _containing(search.text))
    if search.trace_id is not None:
        where.add("trace_id = ?", id_of(search.trace_id) or b"")
    where.add("time >= ?", search.since)
    where.add("time < ?", search.until)
    where.add("logs.id < ?", search.before)
    where.add("logs.id > ?", after)
    order = "logs.id DESC" if after is None else "logs.id"
    rows = connection.execute(
        f"{_LOG}{where} ORDER BY {order} LIMIT ?", (*where.values, _limit(search.limit))
    )
    return log_rows(rows)


def logs_of_trace(connection: sqlite3.Connection, trace_id: bytes, limit: int) -> list[LogRow]:
    """In order of time."""
    rows = connection.execute(
        f"{_LOG} WHERE trace_id = ? ORDER BY time, logs.id LIMIT ?", (trace_id, limit)
    )
    return log_rows(rows)


def log_rows(rows: Iterable[Sequence[Any]]) -> list[LogRow]:
    """Rows of `logs` as answers."""
    return [
        LogRow(
            id=id,
            time=time,
            service=service,
            level=level_of(severity),
            text=body,
            trace_id=trace_id.hex() if trace_id else None,
            span_id=span_id.hex() if span_id else None,
            attributes=json.loads(attributes),
            resource=json.loads(resource or "{}"),
        )
        for id, time, service, severity, body, trace_id, span_id, attributes, resource in rows
    ]


def level_of(severity: int) -> str:
    """The level's name of a SeverityNumber."""
    if severity == 0:
        return "info"
    return next(name for name, lowest in reversed(LEVELS.items()) if severity >= lowest)


def id_of(digits: str) -> bytes | None:
    """A trace's id from hexadecimal text; None where it is none."""
    try:
        found = bytes.fromhex(digits)
    except ValueError:
        return None
    return found if len(found) == 16 else None


def _storable(value: object) -> object:
    """A number that SQLite has no room for is as good as the largest that it has."""
    return max(-LARGEST, min(value, LARGEST)) if isinstance(value, int) else value


def _containing(text: str) -> str:
    escaped = text[:TEXT].replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def _limit(asked: int) -> int:
    return max(0, min(asked, MOST))
