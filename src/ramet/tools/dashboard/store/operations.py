"""What each service was asked to do: counts, errors and quantiles by operation."""

from __future__ import annotations

import sqlite3
from collections import defaultdict

from ramet.tools.dashboard.store.answers import OperationRow
from ramet.tools.dashboard.store.flows import Flow, whole_minutes
from ramet.tools.dashboard.store.kinds import kind_name
from ramet.tools.dashboard.store.minutes import MINUTE

__all__ = ["read_operations"]


def read_operations(connection: sqlite3.Connection, since: int, until: int) -> list[OperationRow]:
    """Operations, those with the most time spent first."""
    first, last = whole_minutes(since, until)
    flows: dict[tuple[str, str, int], Flow] = defaultdict(Flow)
    for service, name, kind, bucket, calls, errors, total in connection.execute(
        "SELECT service, name, kind, bucket, sum(calls), sum(errors), sum(total) "
        "FROM operation_minutes WHERE minute >= ? AND minute < ? "
        "GROUP BY service, name, kind, bucket",
        (first, last),
    ):
        flows[service, name, kind].add(bucket, calls, errors, total)
    seconds = (last - first) * MINUTE / 1e9
    rows = [
        OperationRow(
            service=service,
            operation=name,
            kind=kind_name(kind),
            calls=flow.calls,
            rate=flow.calls / seconds,
            errors=flow.errors,
            p50=flow.quantile(0.5),
            p95=flow.quantile(0.95),
            p99=flow.quantile(0.99),
            total=round(flow.total),
        )
        for (service, name, kind), flow in flows.items()
    ]
    return sorted(rows, key=lambda row: -row.total)
