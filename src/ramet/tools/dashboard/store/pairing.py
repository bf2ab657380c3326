"""Who called whom where no attribute says so: a server span whose parent is another service's.

Programs of other languages tell an address at most, and the two spans come from two processes in
either order. A server span whose parent is not here yet is remembered until it comes, as Grafana
Tempo's and the OpenTelemetry Collector's service graphs do.
"""

from __future__ import annotations

import sqlite3
from collections import OrderedDict
from collections.abc import Iterable

from ramet.tools.dashboard.store import facts
from ramet.tools.dashboard.store.kinds import CLIENT, SERVER
from ramet.tools.dashboard.store.minutes import TRANSIT, Minutes
from ramet.tools.dashboard.store.records import SpanRecord
from ramet.tools.dashboard.store.schema import SPAN_COLUMNS

__all__ = ["Pairing"]

REMEMBERED = 10_000
"""Parents that are waited for; over it, the longest waited for are forgotten."""
TOGETHER = 100
"""Server spans that wait for one parent: whoever sends one `traceparent` for ever has no end."""


class Pairing:
    """Finds the caller of each server span, and counts the edge between them."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[bytes, list[SpanRecord]] = OrderedDict()

    def settle(
        self, connection: sqlite3.Connection, spans: Iterable[SpanRecord], minutes: Minutes
    ) -> None:
        """Pair spans that have just been written, with each other and with earlier ones."""
        for span in spans:
            if span.kind == SERVER and span.parent_id and span.peer is None:
                self._look_up(connection, span, span.parent_id, minutes)
            for callee in self._waiting.pop(span.span_id, ()):
                self._look_up(connection, callee, span.span_id, minutes)

    def _look_up(
        self, connection: sqlite3.Connection, callee: SpanRecord, id: bytes, minutes: Minutes
    ) -> None:
        row = connection.execute(
            f"SELECT {SPAN_COLUMNS} FROM spans WHERE trace_id = ? AND span_id = ?",  # noqa: S608
            (callee.trace_id, id),
        ).fetchone()
        if row:
            self._pair(connection, callee, SpanRecord(*row), minutes)
            return
        waiting = self._waiting.setdefault(id, [])
        if len(waiting) < TOGETHER:
            waiting.append(callee._replace(attributes="", events=None, links=None))
        if len(self._waiting) > REMEMBERED:
            self._waiting.popitem(last=False)

    def _pair(
        self,
        connection: sqlite3.Connection,
        callee: SpanRecord,
        caller: SpanRecord,
        minutes: Minutes,
    ) -> None:
        if callee.service in TRANSIT or caller.service == callee.service:
            return
        if caller.service in TRANSIT:
            if caller.parent_id:
                self._look_up(connection, callee, caller.parent_id, minutes)
            return
        source, target = f"service:{caller.service}", f"service:{callee.service}"
        if caller.kind != CLIENT:  # such as a proxy that makes one span of both its sides
            minutes.edge(source, target, callee)
            _name(connection, callee, caller.service)
        elif caller.peer_kind in (None, "external"):
            if caller.peer_kind:
                minutes.edge(source, f"external:{caller.peer}", caller, -1)
            minutes.edge(source, target, caller)
            _name(connection, caller, callee.service)


def _name(connection: sqlite3.Connection, span: SpanRecord, peer: str) -> None:
    connection.execute(
        "UPDATE spans SET peer_kind = 'service', peer = ? WHERE trace_id = ? AND span_id = ?",
        (peer, span.trace_id, span.span_id),
    )
    facts.add_edge(connection, span.trace_id, facts.of_edge(span.service, "service", peer))
