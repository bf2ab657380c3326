"""Figures by minute, counted as spans are written: operations, and edges of the map."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable

from ramet.tools.dashboard.store.histograms import bucket_of
from ramet.tools.dashboard.store.kinds import CONSUMER, ERROR, SERVER
from ramet.tools.dashboard.store.records import SpanRecord

__all__ = ["MINUTE", "SERVICES", "TRANSIT", "Known", "Minutes"]

MINUTE = 60 * 1_000_000_000
TRANSIT = frozenset({"mesh"})
"""Services that only pass on what others say to each other: no node, no operations."""
SERVICES = 200
NAMES = 1_000
"""Services, and operations or peers of each, that are told apart: ids in names have no end."""


class Pairs:
    """Pairs of names, so many that a page can show them, and one for all others."""

    def __init__(self, others: str) -> None:
        self.beyond = 0
        """How often one of the others came."""
        self._others = others
        self._known: dict[str, set[str]] = {}

    def told_apart(self, first: str, second: str) -> tuple[str, str]:
        """The pair, or with a name for all others in it."""
        known = self._known.get(first)
        if known is None:
            if len(self._known) >= SERVICES:
                self.beyond += 1
                return self._others, self._others
            known = self._known[first] = set()
        if second not in known:
            if len(known) >= NAMES:
                self.beyond += 1
                return first, self._others
            known.add(second)
        return first, second


class Known:
    """What was told apart since the process started."""

    def __init__(self) -> None:
        self.operations = Pairs("(others)")
        self.edges = Pairs("external:(others)")

    def taken_beyond(self) -> int:
        """How many spans were counted as others since this was last asked."""
        beyond, self.operations.beyond, self.edges.beyond = (
            self.operations.beyond + self.edges.beyond,
            0,
            0,
        )
        return beyond


class Minutes:
    """Sums of one transaction, written at its end."""

    def __init__(self, known: Known) -> None:
        """`known`: what was told apart so far; is added to."""
        self._known = known
        self._operations: dict[tuple[int, str, str, int, int], list[float]] = {}
        self._edges: dict[tuple[int, str, str, int], list[float]] = {}
        self._examples: dict[tuple[int, str, str, int], list[bytes | None]] = defaultdict(
            lambda: [None, None]
        )

    def count(self, spans: Iterable[SpanRecord]) -> None:
        """Count what each span says by itself; `edge` adds what only two say together."""
        for span in spans:
            kind = span.kind
            if span.service in TRANSIT:
                continue
            if kind == SERVER or (kind == CONSUMER and span.peer) or span.parent_id is None:
                self._operation(span)
            if span.peer is None or kind == SERVER:
                continue
            here, there = f"service:{span.service}", f"{span.peer_kind}:{span.peer}"
            source, target = (there, here) if kind == CONSUMER else (here, there)
            self.edge(source, target, span)

    def edge(self, source: str, target: str, span: SpanRecord, sign: int = 1) -> None:
        """Count a span's time on an edge, or with -1 take back what was counted."""
        source, target = self._known.edges.told_apart(source, target)
        key = (span.start // MINUTE, source, target, bucket_of(span.duration))
        weight = span.weight * sign
        failed = span.status == ERROR
        sums = self._edges.setdefault(key, [0.0, 0.0, 0.0])
        sums[0] += weight
        sums[1] += weight * failed
        sums[2] += weight * span.duration
        if sign > 0:
            self._examples[key][failed] = span.trace_id

    def _operation(self, span: SpanRecord) -> None:
        service, name = self._known.operations.told_apart(span.service, span.name)
        key = (span.start // MINUTE, service, name, span.kind, bucket_of(span.duration))
        sums = self._operations.setdefault(key, [0.0, 0.0, 0.0])
        sums[0] += span.weight
        sums[1] += span.weight * (span.status == ERROR)
        sums[2] += span.weight * span.duration

    def write(self, connection: sqlite3.Connection) -> None:
        """Add the sums to what the tables have."""
        connection.executemany(
            "INSERT INTO operation_minutes VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE "
            "SET calls = calls + excluded.calls, errors = errors + excluded.errors, "
            "total = total + excluded.total",
            [(*key, *sums) for key, sums in self._operations.items()],
        )
        connection.executemany(
            "INSERT INTO edge_minutes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE "
            "SET calls = calls + excluded.calls, errors = errors + excluded.errors, "
            "total = total + excluded.total, example = coalesce(excluded.example, example), "
            "failed = coalesce(excluded.failed, failed)",
            [(*key, *sums, *self._examples[key]) for key, sums in self._edges.items()],
        )
