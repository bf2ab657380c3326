"""One trace for a page: spans as a tree with their logs, the critical path, where time went."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from ramet.tools.dashboard.store import skew
from ramet.tools.dashboard.store.answers import (
    Link,
    LogRow,
    Segment,
    Share,
    SpanEvent,
    Trace,
    TraceSpan,
)
from ramet.tools.dashboard.store.critical_path import critical_path, mark
from ramet.tools.dashboard.store.kinds import (
    CLIENT,
    CONSUMER,
    ERROR,
    PRODUCER,
    kind_name,
    status_name,
)
from ramet.tools.dashboard.store.schema import SPAN_COLUMNS
from ramet.tools.dashboard.store.searching import logs_of_trace
from ramet.tools.dashboard.store.tree import Branch, Tree, grow

__all__ = ["read_trace"]

LOGS = 2_000


def read_trace(connection: sqlite3.Connection, trace_id: bytes, limit: int) -> Trace | None:
    """The trace as a waterfall; None where there is none."""
    head = connection.execute(
        "SELECT service, operation, first, last FROM traces WHERE trace_id = ?", (trace_id,)
    ).fetchone()
    if head is None:
        return None
    cursor = connection.execute(
        f"SELECT {SPAN_COLUMNS} FROM spans WHERE trace_id = ? ORDER BY start LIMIT ?",  # noqa: S608
        (trace_id, max(1, limit)),
    )
    names = [column[0] for column in cursor.description]
    rows = [dict(zip(names, row, strict=True)) for row in cursor]
    number = connection.execute(
        "SELECT count(*) FROM spans WHERE trace_id = ?", (trace_id,)
    ).fetchone()[0]
    tree = grow([_branch(row) for row in rows])
    skew.correct(tree)
    mark(tree)
    logs = logs_of_trace(connection, trace_id, LOGS)
    spans = _spans(connection, tree, rows, logs)
    placed = {log.id for span in spans for log in span.logs}
    path = critical_path(_main_root(tree))
    service, operation, first, last = head
    return Trace(
        trace_id=trace_id.hex(),
        service=service,
        operation=operation,
        start=first,
        duration=last - first,
        spans=spans,
        logs=tuple(log for log in logs if log.id not in placed),
        critical_path=tuple(path),
        by_service=_shares(path, {span.span_id: span.service for span in spans}),
        by_work=_shares(path, {span.span_id: span.work for span in spans}),
        missing_parents=tree.missing,
        cycles=tree.cycles,
        left_out=number - len(rows),
    )


def _branch(row: Mapping[str, Any]) -> Branch:
    return Branch(
        span_id=row["span_id"].hex(),
        parent_id=row["parent_id"].hex() if row["parent_id"] else None,
        kind=row["kind"],
        failed=row["status"] == ERROR,
        start=row["start"],
        duration=row["duration"],
        process=row["resource"],
        linked=frozenset(link[1] for link in json.loads(row["links"] or "[]")),
    )


def _main_root(tree: Tree) -> Branch:
    """The span that everything began with; the earliest where it is not here."""
    return min(
        (branch for branch in tree.branches if branch.parent is None),
        key=lambda branch: (branch.parent_id is not None, branch.start),
    )


def _spans(
    connection: sqlite3.Connection,
    tree: Tree,
    rows: Iterable[Mapping[str, Any]],
    logs: Iterable[LogRow],
) -> tuple[TraceSpan, ...]:
    by_id = {row["span_id"].hex(): row for row in rows}
    logged: dict[str | None, list[LogRow]] = defaultdict(list)
    for log in logs:
        logged[log.span_id].append(log)
    resources = _resources(connection, {row["resource"] for row in by_id.values()})
    return tuple(
        _span(branch, by_id[branch.span_id], logged[branch.span_id], resources)
        for branch in tree.branches
    )


def _span(
    branch: Branch,
    row: Mapping[str, Any],
    logs: Sequence[LogRow],
    resources: Mapping[int, Mapping[str, Any]],
) -> TraceSpan:
    return TraceSpan(
        span_id=branch.span_id,
        parent_id=branch.parent_id,
        service=row["service"],
        operation=row["name"],
        kind=kind_name(row["kind"]),
        work=_work(row),
        start=branch.start,
        duration=branch.duration,
        status=status_name(row["status"]),
        message=row["message"],
        place=row["place"],
        attributes=json.loads(row["attributes"]),
        events=tuple(
            SpanEvent(time, name, found) for time, name, found in json.loads(row["events"] or "[]")
        ),
        links=tuple(
            Link(trace_id, span_id, found)
            for trace_id, span_id, found in json.loads(row["links"] or "[]")
        ),
        logs=tuple(logs),
        resource=resources.get(row["resource"], {}),
        depth=branch.depth,
        self_time=branch.duration - _covered(branch),
        critical=tuple(branch.critical),
        asynchronous=branch.is_asynchronous,
        parent_missing=branch.parent is None and branch.parent_id is not None,
        shift=branch.shift,
    )


def _work(row: Mapping[str, Any]) -> str:
    """What the time of a span that is not in its children went to."""
    if row["peer_kind"] == "database":
        return "sql"
    if row["kind"] in (PRODUCER, CONSUMER):
        return "event"
    if row["kind"] == CLIENT:
        return "http" if row["peer_kind"] == "external" else "call"
    return "own"


def _covered(branch: Branch) -> int:
    """How much of a span's time is in at least one child that it waits for."""
    covered, until = 0, branch.start
    for child in sorted(branch.children, key=lambda each: each.start):
        if child.is_asynchronous:
            continue
        start, end = max(child.start, until), min(child.end, branch.end)
        if end > start:
            covered += end - start
            until = end
    return covered


def _shares(path: Sequence[Segment], names: Mapping[str, str]) -> tuple[Share, ...]:
    sums: Counter[str] = Counter()
    for segment in path:
        sums[names[segment.span_id]] += segment.end - segment.start
    whole = sums.total()
    return tuple(Share(name, length, length / whole) for name, length in sums.most_common())


def _resources(
    connection: sqlite3.Connection, ids: Collection[int]
) -> dict[int, Mapping[str, Any]]:
    marks = ", ".join("?" * len(ids))
    rows = connection.execute(
        f"SELECT id, attributes FROM resources WHERE id IN ({marks})",  # noqa: S608
        tuple(ids),
    )
    return {id: json.loads(attributes) for id, attributes in rows}
