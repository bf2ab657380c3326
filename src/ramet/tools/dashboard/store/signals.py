"""The golden signals as series over time, from the figures by minute."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Sequence

from ramet.tools.dashboard.store.answers import Series
from ramet.tools.dashboard.store.flows import Flow, whole_minutes
from ramet.tools.dashboard.store.minutes import MINUTE

__all__ = ["QUANTILES", "SIGNALS", "read_signal"]

QUANTILES = (0.5, 0.95, 0.99)
SIGNALS = frozenset({"requests", "errors", "latency"})
COLUMNS = {"service": "service", "operation": "name"}


def read_signal(
    connection: sqlite3.Connection,
    name: str,
    by: Sequence[str],
    since: int,
    until: int,
    step: int,
) -> list[Series]:
    """Requests, errors or latency of what services were asked for and what they handled."""
    first, last = whole_minutes(since, until)
    minutes = max(1, step // MINUTE)
    labels = [label for label in by if label in COLUMNS]
    chosen = "".join(f", {COLUMNS[label]}" for label in labels)
    flows: dict[tuple[str, ...], dict[int, Flow]] = defaultdict(lambda: defaultdict(Flow))
    for start, bucket, calls, errors, *names in connection.execute(
        f"SELECT minute / ?1 * ?1 AS step, bucket, sum(calls), sum(errors){chosen} "  # noqa: S608
        "FROM operation_minutes WHERE minute >= ?2 AND minute < ?3 AND kind IN (2, 5) "
        f"GROUP BY step, bucket{chosen}",
        (minutes, first, last),
    ):
        flows[tuple(names)][start].add(bucket, calls, errors)
    seconds = minutes * MINUTE / 1e9
    found: list[Series] = []
    for names, steps in sorted(flows.items()):
        named = dict(zip(labels, names, strict=True))
        if name == "requests":
            found.append(_series(name, named, "1/s", steps, lambda flow: flow.calls / seconds))
        elif name == "errors":
            found.append(_series(name, named, "1", steps, lambda flow: flow.errors / flow.calls))
        else:
            found.extend(
                _series(
                    name,
                    named | {"quantile": str(part)},
                    "s",
                    steps,
                    lambda flow, part=part: flow.quantile(part) / 1e9,  # type: ignore[misc]
                )
                for part in QUANTILES
            )
    return found


def _series(
    name: str,
    labels: dict[str, str],
    unit: str,
    steps: dict[int, Flow],
    value: Callable[[Flow], float],
) -> Series:
    points = tuple((start * MINUTE, value(flow)) for start, flow in sorted(steps.items()))
    return Series(name, labels, unit, points)
