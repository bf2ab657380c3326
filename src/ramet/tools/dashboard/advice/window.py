"""What advice looks at: the last hour, and of it at most the last 20,000 spans.

They are copied into memory once, without what no advice asks for: each kind of advice reads all of
them, and a span's whole row is ten times as large.
"""

from __future__ import annotations

import time
from typing import Any

from ramet.tools.dashboard.advice.finding import Declared
from ramet.tools.dashboard.store import Store

__all__ = ["Window"]

HOUR = 3_600 * 1_000_000_000
SPANS = 20_000
"""So many that a page answers at once; about a thousand requests of several services."""
EXAMPLES = 5

# What is in JSON is read once, and only of spans that may tell it: calls, handlers and steps. The
# text of a statement is asked for only where no line is known.
_COPY = """
SELECT trace_id, parent_id, service, name, kind, duration, peer_kind, peer, place,
    CASE WHEN kind = 3 THEN json_extract(attributes, '$."ramet.deadline_ms"') END AS deadline,
    CASE WHEN kind = 3 THEN json_extract(attributes, '$."rpc.response.status_code"') END AS code,
    CASE WHEN kind = 3 THEN json_extract(attributes, '$."ramet.in_transaction"') END AS inside,
    CASE WHEN kind IN (1, 5) THEN json_extract(attributes, '$."ramet.attempt"') END AS attempt,
    CASE WHEN place IS NULL AND peer_kind = 'database'
        THEN json_extract(attributes, '$."db.query.text"') END AS statement
FROM kept.spans WHERE id > ? AND start >= ?
"""


class Window:
    """Queries of the same spans, in a table of their own; see `_COPY` for its columns."""

    def __init__(self, store: Store, declared: Declared) -> None:
        self.declared = declared
        self.until = time.time_ns()
        self.since = self.until - HOUR
        self._store = store
        last = store.query("SELECT coalesce(max(id), 0) FROM spans")[0][0]
        self._spans = store.copied("spans", _COPY, last - SPANS, self.since)
        self.traces: int = store.query("SELECT count(*) FROM traces WHERE first >= ?", self.since)[
            0
        ][0]
        """How many traces began in the last hour."""

    def close(self) -> None:
        """Let the copy go."""
        self._spans.close()

    def query(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Rows of a query."""
        return self._spans.execute(sql, values).fetchall()

    def traces_of(self, service: str) -> int:
        """How many traces a service took part in."""
        count = "SELECT count(DISTINCT trace_id) FROM spans WHERE service = ?"
        return int(self.query(count, service)[0][0])

    def name_of(self, trace_id: bytes, span_id: bytes) -> str | None:
        """What a span is called, which may be older than those looked at; None: it is gone."""
        found = self._store.query(
            "SELECT name FROM spans WHERE trace_id = ? AND span_id = ?", trace_id, span_id
        )
        return found[0][0] if found else None

    def examples(self, condition: str, *values: Any) -> tuple[str, ...]:
        """Ids of traces with the most, then the longest spans for which a condition holds."""
        rows = self.query(
            f"SELECT trace_id FROM spans WHERE {condition} "  # noqa: S608
            f"GROUP BY trace_id ORDER BY count(*) DESC, sum(duration) DESC LIMIT {EXAMPLES}",
            *values,
        )
        return tuple(trace_id.hex() for (trace_id,) in rows)
