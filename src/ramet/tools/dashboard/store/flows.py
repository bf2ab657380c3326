"""The map: what flowed between services, databases, events and foreign programs."""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from ramet.tools.dashboard.store import facts
from ramet.tools.dashboard.store.answers import Edge, Map, Node, TraceRow
from ramet.tools.dashboard.store.histograms import quantile
from ramet.tools.dashboard.store.minutes import MINUTE
from ramet.tools.dashboard.store.searching import trace_rows, traces_with

__all__ = ["Flow", "read_edge", "read_map", "whole_minutes"]

EXAMPLES = 3


@dataclass(slots=True)
class Flow:
    """Calls of one edge, node or operation, added up over minutes."""

    calls: float = 0.0
    errors: float = 0.0
    total: float = 0.0
    """Nanoseconds of all calls."""
    buckets: Counter[int] = field(default_factory=Counter)
    failed: set[bytes] = field(default_factory=set)
    examples: set[bytes] = field(default_factory=set)

    def add(self, bucket: int, calls: float, errors: float, total: float = 0.0) -> None:
        """Add calls that took as long as a bucket says."""
        self.calls += calls
        self.errors += errors
        self.total += total
        self.buckets[bucket] += calls  # type: ignore[assignment]  # a Counter of weights

    def quantile(self, part: float) -> int:
        """Nanoseconds."""
        return quantile(self.buckets, part)


def whole_minutes(since: int, until: int) -> tuple[int, int]:
    """The first minute (since the epoch) and the one after the last of a window."""
    return since // MINUTE, max(since // MINUTE + 1, -(-until // MINUTE))


def read_map(connection: sqlite3.Connection, since: int, until: int) -> Map:
    """Nodes by their key, and edges with the most calls first."""
    first, last = whole_minutes(since, until)
    edges: dict[tuple[str, str], Flow] = defaultdict(Flow)
    nodes: dict[str, Flow] = defaultdict(Flow)
    for source, target, bucket, calls, errors, failed, example in connection.execute(
        "SELECT source, target, bucket, sum(calls), sum(errors), max(failed), max(example) "
        "FROM edge_minutes WHERE minute >= ? AND minute < ? GROUP BY source, target, bucket "
        # What was taken back, as the other end turned out to be a service, leaves a zero.
        "HAVING sum(calls) > 1e-9",
        (first, last),
    ):
        edge = edges[source, target]
        edge.add(bucket, calls, errors)
        edge.failed.update(filter(None, [failed]))
        edge.examples.update(filter(None, [example]))
        nodes[source]  # a node even where nothing came in
        if not target.startswith("service:"):
            nodes[target].add(bucket, calls, errors)
    for service, bucket, calls, errors in connection.execute(
        "SELECT service, bucket, sum(calls), sum(errors) FROM operation_minutes "
        "WHERE minute >= ? AND minute < ? AND kind IN (2, 5) GROUP BY service, bucket",
        (first, last),
    ):
        nodes[f"service:{service}"].add(bucket, calls, errors)
    for _, target in edges:
        nodes[target]
    kept = _kept(connection, edges.values())
    return Map(
        nodes=tuple(_node(key, flow) for key, flow in sorted(nodes.items())),
        edges=tuple(
            Edge(
                source=source,
                target=target,
                calls=flow.calls,
                errors=flow.errors,
                p50=flow.quantile(0.5),
                p95=flow.quantile(0.95),
                traces=_examples(flow, kept),
            )
            for (source, target), flow in sorted(edges.items(), key=lambda each: -each[1].calls)
        ),
        since=first * MINUTE,
        until=last * MINUTE,
    )


def read_edge(
    connection: sqlite3.Connection, source: str, target: str, since: int, until: int, limit: int
) -> list[TraceRow]:
    """Traces with a span that went over the edge, the latest start first."""
    source_kind, _, source_name = source.partition(":")
    target_kind, _, target_name = target.partition(":")
    # The caller's span tells of the edge; a handler's of the one from its event; and where a
    # proxy's one span stands for both its sides, the callee's.
    condition = (
        "(spans.service = ? AND peer_kind = ? AND peer = ? AND kind IN (3, 4)) "
        "OR (spans.service = ? AND peer_kind = ? AND peer = ? AND kind IN (2, 5))"
    )
    values = (source_name, target_kind, target_name, target_name, source_kind, source_name)
    told = (
        facts.of_edge(source_name, target_kind, target_name),
        facts.of_edge(target_name, source_kind, source_name),
    )
    rows = traces_with(connection, told, condition, values, since, until, limit)
    return trace_rows(connection, rows)


def _node(key: str, flow: Flow) -> Node:
    kind, _, name = key.partition(":")
    return Node(key, kind, name, flow.calls, flow.errors, flow.quantile(0.5), flow.quantile(0.95))


def _kept(connection: sqlite3.Connection, flows: Iterable[Flow]) -> set[bytes]:
    """Examples whose traces are still here: the figures outlive them."""
    wanted = {id for flow in flows for id in flow.failed | flow.examples}
    marks = ", ".join("?" * len(wanted))
    rows = connection.execute(
        f"SELECT trace_id FROM traces WHERE trace_id IN ({marks})",  # noqa: S608
        tuple(wanted),
    )
    return {trace_id for (trace_id,) in rows}


def _examples(flow: Flow, kept: set[bytes]) -> tuple[str, ...]:
    failed = sorted(flow.failed & kept)
    others = sorted((flow.examples & kept) - flow.failed)
    # One failed trace, then others, then failed ones where there are no others.
    chosen = [*failed[:1], *others, *failed[1:]][:EXAMPLES]
    return tuple(id.hex() for id in chosen)
