"""What a collector gets, read with OpenTelemetry's own messages."""

from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.metrics.v1.metrics_pb2 import AggregationTemporality, Metric

from ramet.telemetry import exporting, resource
from ramet.telemetry.metrics import Counter, Gauge, Histogram, Level, instruments, reporting
from ramet.telemetry.metrics.otlp import encode_readings
from tests.otlp import Collector, collector

SOLD = Counter("test.otlp.sold", "Sold.", attributes=("sku",))
PACKED = Histogram("test.otlp.packing.duration", "Packing.", bounds=(0.1, 1.0))
AT_WORK = Level("test.otlp.packers", "Packers.")
STOCK = Gauge("test.otlp.stock", "Stock.", attributes=("sku",))


@pytest.fixture(autouse=True)
def _anew(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(exporting, "EVERY", 0.01)
    monkeypatch.setattr(exporting, "_sources", [])
    for each in (exporting, reporting):
        each._forget()
    instruments.use_folder(None, "test")
    yield
    for each in (exporting, reporting):
        each._forget()
    instruments.use_folder(None, "test")


def metrics(payload: bytes) -> dict[str, Metric]:
    request = ExportMetricsServiceRequest.FromString(payload)
    (of_process,) = request.resource_metrics
    (scope,) = of_process.scope_metrics
    return {metric.name: metric for metric in scope.metrics}


def said(point: Any) -> dict[str, str]:
    return {pair.key: pair.value.string_value for pair in point.attributes}


def test_what_is_counted_is_cumulative_since_the_process_began() -> None:
    SOLD.add(2, "TL-101")
    SOLD.add(1, "TL-101")
    AT_WORK.set(4)
    ((signal, payload),) = reporting.counted()
    assert signal == "metrics"
    found = metrics(payload)
    (point,) = found["test.otlp.sold"].sum.data_points
    assert (said(point), point.as_double) == ({"sku": "TL-101"}, 3.0)
    assert found["test.otlp.sold"].sum.is_monotonic
    cumulative = AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE
    assert found["test.otlp.sold"].sum.aggregation_temporality == cumulative
    assert 0 < point.start_time_unix_nano <= point.time_unix_nano
    assert found["test.otlp.packers"].gauge.data_points[0].as_double == 4.0


def test_a_duration_is_a_histogram_with_the_trace_of_the_slowest() -> None:
    instruments.use_traces(lambda _: "1f" * 16)
    try:
        for seconds in (0.05, 0.5, 3.0):
            PACKED.record(seconds)
    finally:
        instruments.use_traces(lambda _: None)
    ((_, payload),) = reporting.counted()
    metric = metrics(payload)["test.otlp.packing.duration"]
    assert metric.unit == "s"
    (point,) = metric.histogram.data_points
    assert (point.count, point.sum) == (3, 3.55)
    assert list(point.bucket_counts) == [1, 1, 1]
    assert list(point.explicit_bounds) == [0.1, 1.0]
    (exemplar,) = point.exemplars
    assert (exemplar.trace_id, exemplar.as_double) == (b"\x1f" * 16, 3.0)


def test_gauges_are_sent_as_they_were_read() -> None:
    readings = [STOCK.reading((("A",), 1.0), (("B",), 2.0))]
    metric = metrics(encode_readings(readings, resource.encoded(), 7))["test.otlp.stock"]
    assert [(said(point), point.as_double) for point in metric.gauge.data_points] == [
        ({"sku": "A"}, 1.0),
        ({"sku": "B"}, 2.0),
    ]
    assert metric.gauge.data_points[0].time_unix_nano == 7


def test_a_report_comes_every_few_seconds_not_with_every_batch_of_spans() -> None:
    assert len(list(reporting.counted())) == 1
    assert list(reporting.counted()) == []


@pytest.fixture
def received(settings: Any) -> Iterator[Collector]:
    with collector() as it:
        settings.RAMET_TELEMETRY = {"url": it.url}
        yield it


def test_it_arrives_at_the_collector(received: Collector) -> None:
    SOLD.add(1, "TL-101")
    exporting.feed(reporting.counted)
    exporting.wake()
    assert exporting.flush(10)
    request = next(each for each in received.requests if each.path == "/v1/metrics")
    assert "test.otlp.sold" in metrics(request.body)


def test_what_the_exporter_dropped_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "dropped", lambda: {("traces", "queue full"): 3})
    list(reporting.counted())
    list(reporting.counted())  # told once
    found = {each.values: each.numbers for each in reporting.own_series()}
    assert found["traces", "queue full"] == [3]
