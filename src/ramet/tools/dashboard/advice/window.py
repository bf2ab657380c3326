"""What advice looks at: the last hour, and of it at most the last 20,000 spans."""

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


class Window:
    """Queries of the same spans. `{spans}` in one stands for the condition that chooses them."""

    def __init__(self, store: Store, declared: Declared) -> None:
        self.declared = declared
        self.until = time.time_ns()
        self.since = self.until - HOUR
        self._store = store
        last = store.query("SELECT coalesce(max(id), 0) FROM spans")[0][0]
        self._chosen = f"(id > {last - SPANS} AND start >= {self.since})"
        self.traces: int = store.query("SELECT count(*) FROM traces WHERE first >= ?", self.since)[
            0
        ][0]
        """How many traces began in the last hour."""

    def query(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Rows of a query."""
        return self._store.query(sql.format(spans=self._chosen), *values)

    def number(self, sql: str, *values: Any) -> int:
        """The only value of a query; 0 for none."""
        return self.query(sql, *values)[0][0] or 0

    def traces_of(self, service: str) -> int:
        """How many traces a service took part in."""
        return self.number(
            "SELECT count(DISTINCT trace_id) FROM spans WHERE {spans} AND service = ?", service
        )

    def examples(self, condition: str, *values: Any) -> tuple[str, ...]:
        """Ids of traces with the most, then the longest spans for which a condition holds."""
        rows = self.query(
            f"SELECT trace_id FROM spans WHERE {{spans}} AND {condition} "  # noqa: S608
            f"GROUP BY trace_id ORDER BY count(*) DESC, sum(duration) DESC LIMIT {EXAMPLES}",
            *values,
        )
        return tuple(trace_id.hex() for (trace_id,) in rows)
