"""Metrics of OTLP as rows."""

import json

import pytest
from opentelemetry.proto.metrics.v1 import metrics_pb2 as pb

from ramet.tools.dashboard.otlp.decoding import PROTOBUF, decode
from ramet.tools.dashboard.otlp.signals import METRICS
from tests.unit.tools.dashboard.otlp.requests import metrics, pairs

CUMULATIVE = pb.AGGREGATION_TEMPORALITY_CUMULATIVE
DELTA = pb.AGGREGATION_TEMPORALITY_DELTA
NOW = 1_700_000_000_000_000_000


def decoded(**given):
    metric = pb.Metric(**{"name": "pool.size", "unit": "1", "description": "how many"} | given)
    return decode(metrics(metric).SerializeToString(), PROTOBUF, METRICS)


def number(**given):
    return pb.NumberDataPoint(**{"time_unix_nano": NOW, "as_int": 7} | given)


def histogram(**given):
    values = {
        "time_unix_nano": NOW,
        "count": 6,
        "sum": 9.5,
        "explicit_bounds": [1, 2],
        "bucket_counts": [1, 2, 3],
    }
    point = pb.HistogramDataPoint(**values | given)
    return pb.Histogram(data_points=[point], aggregation_temporality=CUMULATIVE)


def losses(result):
    return {reason: count for (_, reason), count in result.batch.losses.items()}


def test_a_gauge_is_decoded_whole():
    points = [number(attributes=pairs({"pool": "a"})), number(as_double=0.5)]
    first, second = decoded(gauge=pb.Gauge(data_points=points)).batch.points
    assert (first.time, first.value, second.value) == (NOW, 7, 0.5)
    key = first.series
    assert (key.service, key.name, key.kind, key.unit) == ("orders", "pool.size", "gauge", "1")
    assert key.description == "how many"
    assert json.loads(key.attributes) == {"pool": "a"}
    assert not key.cumulative


@pytest.mark.parametrize(
    ("temporality", "monotonic", "kind", "cumulative"),
    [
        (CUMULATIVE, True, "sum", True),
        (DELTA, True, "sum", False),
        (CUMULATIVE, False, "updown", True),
    ],
)
def test_a_sum_may_rise_only_or_fall_too(temporality, monotonic, kind, cumulative):
    total = pb.Sum(
        data_points=[number()], aggregation_temporality=temporality, is_monotonic=monotonic
    )
    (point,) = decoded(sum=total).batch.points
    assert (point.series.kind, point.series.cumulative) == (kind, cumulative)


def test_a_histogram_keeps_bounds_and_counts():
    (point,) = decoded(histogram=histogram()).batch.points
    assert (point.value, point.number) == (9.5, 6)
    assert json.loads(point.buckets) == [[1, 2], [1, 2, 3]]
    assert point.series.cumulative


def test_an_exponential_histogram_gets_the_bounds_that_its_scale_says():
    buckets = pb.ExponentialHistogramDataPoint.Buckets
    point = pb.ExponentialHistogramDataPoint(
        time_unix_nano=NOW,
        count=7,
        sum=20,
        scale=0,
        zero_count=1,
        positive=buckets(offset=1, bucket_counts=[2, 3]),
        negative=buckets(offset=0, bucket_counts=[1]),
    )
    data = pb.ExponentialHistogram(data_points=[point], aggregation_temporality=DELTA)
    (record,) = decoded(exponential_histogram=data).batch.points
    # Scale 0 has the base 2: bucket 1 is (2, 4], bucket 2 is (4, 8].
    assert json.loads(record.buckets) == [[2, 4, 8], [2, 2, 3, 0]]
    assert record.series.kind == "histogram"


def test_each_quantile_of_a_summary_is_a_gauge():
    quantile = pb.SummaryDataPoint.ValueAtQuantile(quantile=0.5, value=3)
    point = pb.SummaryDataPoint(time_unix_nano=NOW, quantile_values=[quantile])
    (record,) = decoded(summary=pb.Summary(data_points=[point])).batch.points
    assert (record.value, record.series.kind) == (3, "gauge")
    assert json.loads(record.series.attributes) == {"quantile": "0.5"}


def test_a_point_that_says_there_is_none_is_no_loss():
    flags = pb.DATA_POINT_FLAGS_NO_RECORDED_VALUE_MASK
    result = decoded(gauge=pb.Gauge(data_points=[number(flags=flags)]))
    assert (len(result.batch), result.rejected) == (0, 0)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"gauge": pb.Gauge(data_points=[number(as_double=float("nan"))])}, "not-a-number"),
        ({"gauge": pb.Gauge(data_points=[number(as_double=float("inf"))])}, "not-a-number"),
        ({"gauge": pb.Gauge(data_points=[number(time_unix_nano=0)])}, "without-time"),
        ({"gauge": pb.Gauge(data_points=[number(time_unix_nano=2**63)])}, "from-the-future"),
        ({"histogram": histogram(bucket_counts=[1, 2])}, "malformed-histogram"),
        ({"histogram": histogram(explicit_bounds=[2, 1])}, "malformed-histogram"),
        ({"histogram": histogram(explicit_bounds=[1, float("nan")])}, "malformed-histogram"),
        ({"histogram": histogram(count=2**64 - 1)}, "malformed-histogram"),
        ({}, "metric-without-name-or-values"),
        ({"name": "", "gauge": pb.Gauge()}, "metric-without-name-or-values"),
        ({"name": "n" * 256, "gauge": pb.Gauge()}, "metric-without-name-or-values"),
    ],
)
def test_what_cannot_be_kept_is_counted(given, reason):
    result = decoded(**given)
    assert len(result.batch) == 0
    assert (result.rejected, losses(result)) == (1, {reason: 1})


def test_an_exponential_histogram_without_end_is_counted():
    buckets = pb.ExponentialHistogramDataPoint.Buckets(offset=2**30, bucket_counts=[1])
    point = pb.ExponentialHistogramDataPoint(time_unix_nano=NOW, scale=-10, positive=buckets)
    result = decoded(exponential_histogram=pb.ExponentialHistogram(data_points=[point]))
    assert losses(result) == {"malformed-histogram": 1}
