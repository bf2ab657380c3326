"""Metrics of OTLP as rows: one for each point of each series."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import Any

import msgspec
from opentelemetry.proto.metrics.v1 import metrics_pb2 as pb

from ramet.tools.dashboard.otlp import attributes
from ramet.tools.dashboard.otlp.resources import Group, described, service_of
from ramet.tools.dashboard.otlp.tally import Tally
from ramet.tools.dashboard.otlp.times import latest
from ramet.tools.dashboard.store import PointRecord, SeriesKey

__all__ = ["records"]

NAME = 255
"""Characters of a metric's name; OpenTelemetry's API allows no more."""
TEXT = 1_000
BUCKETS = 1_024

Values = tuple[float, int | None, str | None]
"""Value, number and buckets of a `PointRecord`."""


class Unusable(Exception):
    """A point that cannot be kept; its text is the reason."""


def records(groups: Iterable[Group[pb.Metric]], tally: Tally) -> list[PointRecord]:
    """Every point that can be kept; the others are counted."""
    found: list[PointRecord] = []
    limit = latest()
    for group in groups:
        service, resource = described(group.resource, tally)
        for metric in group.items:
            found.extend(_points(metric, service, resource, limit, tally))
    return found


def _points(
    metric: pb.Metric, service: str, resource: str, limit: int, tally: Tally
) -> Iterator[PointRecord]:
    shape = metric.WhichOneof("data")
    if shape is None or not metric.name or len(metric.name) > NAME:
        tally.reject("metric-without-name-or-values")
        return
    family = getattr(metric, shape)
    kind, values = _READ[shape]
    if shape == "sum" and not family.is_monotonic:
        kind = "updown"
    cumulative = shape in ("sum", "histogram", "exponential_histogram") and (
        family.aggregation_temporality == pb.AGGREGATION_TEMPORALITY_CUMULATIVE
    )
    unit = attributes.cut(metric.unit, NAME, tally)
    description = attributes.cut(metric.description, TEXT, tally)
    for point in family.data_points:
        if point.flags & pb.DATA_POINT_FLAGS_NO_RECORDED_VALUE_MASK:
            continue  # says that there is nothing to keep
        if reason := _fault(point.time_unix_nano, limit):
            tally.reject(reason)
            continue
        labels = attributes.mapping(point.attributes, tally)
        named = service_of(labels, service)
        try:
            for extra, (value, number, buckets) in values(point):
                text = attributes.as_json(labels | extra, tally)
                key = SeriesKey(
                    named, metric.name, kind, cumulative, unit, description, text, resource
                )
                yield PointRecord(key, point.time_unix_nano, value, number, buckets)
        except Unusable as reason:
            tally.reject(str(reason))


def _fault(moment: int, limit: int) -> str | None:
    if moment == 0:
        return "without-time"
    return "from-the-future" if moment > limit else None


def _number(point: pb.NumberDataPoint) -> Iterator[tuple[dict[str, str], Values]]:
    value = point.as_double if point.HasField("as_double") else float(point.as_int)
    yield {}, (_finite(value), None, None)


def _histogram(point: pb.HistogramDataPoint) -> Iterator[tuple[dict[str, str], Values]]:
    bounds, counts = list(point.explicit_bounds), list(point.bucket_counts)
    if counts and len(counts) != len(bounds) + 1:
        raise Unusable("malformed-histogram")
    yield {}, _distribution(point.sum, point.count, bounds, counts)


def _exponential(
    point: pb.ExponentialHistogramDataPoint,
) -> Iterator[tuple[dict[str, str], Values]]:
    """With explicit bounds: bucket `i` ends at base^(i+1), base = 2^(2^-scale).

    What is negative counts as zero: durations and sizes are not.
    """
    low = point.zero_count + sum(point.negative.bucket_counts)
    counts = [low, *point.positive.bucket_counts, 0]
    if not -10 <= point.scale <= 20 or len(counts) > BUCKETS:
        raise Unusable("malformed-histogram")
    try:
        first = point.positive.offset
        bounds = [2.0 ** ((first + i) * 2.0**-point.scale) for i in range(len(counts) - 1)]
    except OverflowError:
        raise Unusable("malformed-histogram") from None
    yield {}, _distribution(point.sum, point.count, bounds, counts)


def _summary(point: pb.SummaryDataPoint) -> Iterator[tuple[dict[str, str], Values]]:
    """Each quantile as a gauge with a label, as Prometheus shows it."""
    for each in point.quantile_values:
        yield {"quantile": f"{each.quantile:g}"}, (_finite(each.value), None, None)


def _distribution(total: float, count: int, bounds: list[float], counts: list[int]) -> Values:
    rising = all(low < high for low, high in pairwise(bounds))
    if not rising or not all(map(math.isfinite, bounds)) or len(counts) > BUCKETS:
        raise Unusable("malformed-histogram")
    if max(count, *counts, 0) >= 2**63:
        raise Unusable("malformed-histogram")
    return _finite(total), count, msgspec.json.encode([bounds, counts]).decode()


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise Unusable("not-a-number")
    return value


_READ: dict[str, tuple[str, Callable[[Any], Iterator[tuple[dict[str, str], Values]]]]] = {
    "gauge": ("gauge", _number),
    "sum": ("sum", _number),
    "histogram": ("histogram", _histogram),
    "exponential_histogram": ("histogram", _exponential),
    "summary": ("gauge", _summary),
}
