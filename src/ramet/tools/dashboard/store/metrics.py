"""Ingested metrics as series over time."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from ramet.tools.dashboard.store.answers import MetricRow, Series
from ramet.tools.dashboard.store.signals import QUANTILES

__all__ = ["read_metric", "read_metrics"]

Labels = tuple[str, ...]
Point = tuple[int, float, int | None, str | None]
"""Time, value, number and buckets, as `PointRecord` has them."""
Distribution = tuple[tuple[float, ...], list[float]]
"""Bounds, and counts of the buckets that end there; one more for what is over the last."""


def read_metrics(connection: sqlite3.Connection) -> list[MetricRow]:
    """Every metric by name, with what tells its series apart."""
    rows = connection.execute(
        "SELECT name, kind, unit, description, service, attributes FROM series ORDER BY name"
    ).fetchall()
    found = []
    for (name, kind, unit), together in groupby(rows, key=itemgetter(0, 1, 2)):
        series = list(together)
        found.append(
            MetricRow(
                name=name,
                kind=kind,
                unit=unit,
                description=series[0][3],
                services=tuple(sorted({row[4] for row in series})),
                labels=tuple(sorted({label for row in series for label in json.loads(row[5])})),
            )
        )
    return found


def read_metric(
    connection: sqlite3.Connection,
    name: str,
    by: Sequence[str],
    since: int,
    until: int,
    step: int,
) -> list[Series]:
    """One metric's values in steps, the series that `by` does not tell apart joined."""
    rows = connection.execute(
        "SELECT id, service, kind, cumulative, unit, attributes FROM series WHERE name = ?",
        (name,),
    ).fetchall()
    joined: dict[tuple[str, str, Labels], list[tuple[bool, list[Point]]]] = defaultdict(list)
    for id, service, kind, cumulative, unit, attributes in rows:
        # One point before the window, which the first one in it is compared with.
        points = connection.execute(
            "SELECT time, value, number, buckets FROM points WHERE series = ?1 AND time < ?3 "
            "AND time >= coalesce((SELECT max(time) FROM points WHERE series = ?1 AND time < ?2), "
            "?2) ORDER BY time",
            (id, since, until),
        ).fetchall()
        labels = json.loads(attributes) | {"service": service}
        key = (kind, unit, tuple(str(labels.get(label, "")) for label in by))
        joined[key].append((bool(cumulative), points))
    found: list[Series] = []
    for (kind, unit, values), series in sorted(joined.items()):
        named = dict(zip(by, values, strict=True))
        window = _Window(since, step)
        if kind == "histogram":
            found.extend(_quantiles(name, named, unit, series, window))
            continue
        steps = window.rates(series) if kind == "sum" else window.averages(series)
        if steps:
            per_second = f"{unit}/s" if unit else "1/s"
            found.append(Series(name, named, per_second if kind == "sum" else unit, steps))
    return found


class _Window:
    """Puts points into steps of equal length, counted from the epoch."""

    def __init__(self, since: int, step: int) -> None:
        self._since = since
        self._step = max(1, step)

    def start(self, moment: int) -> int:
        return moment // self._step * self._step

    def averages(self, series: Iterable[tuple[bool, list[Point]]]) -> tuple[tuple[int, float], ...]:
        """Of a gauge: the mean of each series, summed over the series."""
        sums: dict[int, float] = defaultdict(float)
        for _, points in series:
            within: dict[int, list[float]] = defaultdict(list)
            for moment, value, *_ in points:
                if moment >= self._since:
                    within[self.start(moment)].append(value)
            for start, values in within.items():
                sums[start] += sum(values) / len(values)
        return tuple(sorted(sums.items()))

    def rates(self, series: Iterable[tuple[bool, list[Point]]]) -> tuple[tuple[int, float], ...]:
        """Of a counter: how much it grew in a second."""
        sums: dict[int, float] = defaultdict(float)
        for cumulative, points in series:
            for moment, value in self.growth(cumulative, points, itemgetter(1), _less):
                sums[self.start(moment)] += value / (self._step / 1e9)
        return tuple(sorted(sums.items()))

    def growth(
        self,
        cumulative: bool,
        points: Iterable[Point],
        read: Callable[[Point], Any],
        less: Callable[[Any, Any], Any],
    ) -> Iterator[tuple[int, Any]]:
        """What each point adds. Where a counter fell, its process began anew, from zero."""
        before = None
        for point in points:
            value = read(point)
            if not cumulative:
                if point[0] >= self._since:
                    yield point[0], value
            elif before is not None and point[0] >= self._since:
                yield point[0], less(value, before)
            before = value


def _less(value: float, before: float) -> float:
    return value - before if value >= before else value


def _quantiles(
    name: str,
    labels: dict[str, str],
    unit: str,
    series: Iterable[tuple[bool, list[Point]]],
    window: _Window,
) -> Iterator[Series]:
    steps: dict[int, Distribution] = {}
    for cumulative, points in series:
        counted = [point for point in points if point[3]]
        for moment, grown in window.growth(cumulative, counted, _distribution, _fewer):
            start = window.start(moment)
            steps[start] = _together(steps.get(start), grown)
    for part in QUANTILES:
        values = ((start, _quantile(steps[start], part)) for start in sorted(steps))
        known = tuple((start, value) for start, value in values if value is not None)
        if known:
            yield Series(name, labels | {"quantile": str(part)}, unit, known)


def _distribution(point: Point) -> Distribution:
    bounds, counts = json.loads(point[3] or "[[], []]")
    return tuple(bounds), counts


def _fewer(value: Distribution, before: Distribution) -> Distribution:
    if value[0] != before[0] or sum(value[1]) < sum(before[1]):
        return value
    return value[0], [now - then for now, then in zip(value[1], before[1], strict=True)]


def _together(one: Distribution | None, other: Distribution) -> Distribution:
    """Their sum; where bounds differ, such as after a deployment, the later one."""
    if one is None or one[0] != other[0]:
        return other
    return one[0], [a + b for a, b in zip(one[1], other[1], strict=True)]


def _quantile(distribution: Distribution, part: float) -> float | None:
    """Linear within a bucket, the last bound for what is over it: as Prometheus estimates."""
    bounds, counts = distribution
    wanted = sum(counts) * part
    if not bounds or wanted <= 0:
        return None
    low = 0.0
    for high, count in zip(bounds, counts, strict=False):
        if wanted <= count:
            return low + (high - low) * wanted / count if high > 0 else high
        wanted -= count
        low = max(0.0, high)
    return bounds[-1]
