"""Operations, golden signals and ingested metrics over time."""

import json
import time

import pytest

from tests.unit.tools.dashboard.telemetry import (
    CONSUMER,
    MINUTE,
    MS,
    SECOND,
    SERVER,
    point,
    span,
    write,
)

NOW = time.time_ns() // MINUTE * MINUTE - 10 * MINUTE
"""A full minute, ten minutes ago."""


def labelled(found):
    return {tuple(series.labels.values()): dict(series.points) for series in found}


def test_operations_are_counted_with_those_that_took_most_time_first(store):
    event = {"service": "users", "kind": CONSUMER, "peer_kind": "event", "peer": "placed"}
    write(
        store,
        span(name="GET /", start=NOW, duration=10 * MS),
        span(name="GET /", start=NOW + SECOND, duration=10 * MS, status=2),
        span(**event, name="process placed", start=NOW, duration=SECOND),
        span(**event | {"peer": None}, name="receive placed", parent_id=b"12345678", start=NOW),
    )
    slow, quick = store.operations(NOW, NOW + MINUTE)
    assert (slow.service, slow.operation, slow.kind) == ("users", "process placed", "consumer")
    assert (quick.calls, quick.errors, quick.total) == (2, 1, 20 * MS)
    assert quick.rate == pytest.approx(2 / 60)
    assert quick.p50 == pytest.approx(10 * MS, rel=0.1)
    assert slow.p99 == pytest.approx(SECOND, rel=0.1)


def test_golden_signals_come_by_service_and_operation(store):
    write(
        store,
        *(span(name="a", start=NOW, duration=100 * MS, status=2 * (n == 0)) for n in range(4)),
        *(span(name="b", start=NOW + MINUTE) for _ in range(6)),
        span(service="users", start=NOW),
    )

    def signal(name, by, step=MINUTE):
        return labelled(store.series(name, by, NOW, NOW + 2 * MINUTE, step))

    requests = signal("requests", ["service"])
    assert requests["orders",] == {NOW: 4 / 60, NOW + MINUTE: 6 / 60}
    assert requests["users",] == {NOW: 1 / 60}
    assert signal("requests", ["service", "operation"])["orders", "b"] == {NOW + MINUTE: 6 / 60}
    assert signal("errors", ["service"])["orders",] == {NOW: 0.25, NOW + MINUTE: 0}
    assert signal("requests", [])[()] == {NOW: 5 / 60, NOW + MINUTE: 6 / 60}
    latency = signal("latency", ["service"])
    assert latency["orders", "0.95"][NOW] == pytest.approx(0.1, rel=0.05)
    assert latency["orders", "0.95"][NOW + MINUTE] == pytest.approx(0.01, rel=0.05)
    start = NOW // (5 * MINUTE) * 5 * MINUTE
    assert sum(signal("requests", ["service"], 5 * MINUTE)["orders",].values()) == 10 / 300
    assert start in signal("requests", ["service"], 5 * MINUTE)["orders",]


def metric(store, name="pool.size", by=(), step=MINUTE):
    return labelled(store.series(name, by, NOW, NOW + 5 * MINUTE, step))


def test_a_gauge_is_averaged_over_time_and_summed_over_its_series(store):
    write(
        store,
        point(NOW, 1, {"pool": "a"}),
        point(NOW + SECOND, 3, {"pool": "a"}),
        point(NOW + SECOND, 10, {"pool": "b"}),
        point(NOW + MINUTE, 4, {"pool": "a"}),
        point(NOW - SECOND, 100, {"pool": "a"}),
        point(NOW + 5 * MINUTE, 100, {"pool": "a"}),
    )
    assert metric(store) == {(): {NOW: 12, NOW + MINUTE: 4}}
    assert metric(store, by=["service", "pool"]) == {
        ("orders", "a"): {NOW: 2, NOW + MINUTE: 4},
        ("orders", "b"): {NOW: 10},
    }
    assert metric(store, by=["nothing"]) == {("",): {NOW: 12, NOW + MINUTE: 4}}
    assert metric(store, name="unknown") == {}


def test_a_counter_is_a_rate_and_a_restart_begins_at_zero(store):
    counted = {"kind": "sum", "cumulative": True, "name": "orders"}
    write(
        store,
        point(NOW - MINUTE, 40, **counted),
        point(NOW, 100, **counted),
        point(NOW + MINUTE, 160, **counted),
        point(NOW + 2 * MINUTE, 30, **counted),
        point(NOW + MINUTE, 1_000, **counted, resource='{"service.instance.id":"2"}'),
    )
    assert metric(store, "orders") == {
        (): {NOW: 1, NOW + MINUTE: 1, NOW + 2 * MINUTE: 0.5},
    }
    delta = {"kind": "sum", "name": "delta"}
    write(store, point(NOW, 60, **delta), point(NOW + 1, 60, **delta))
    assert metric(store, "delta") == {(): {NOW: 2}}
    (series,) = store.series("orders", [], NOW, NOW + MINUTE, MINUTE)
    assert series.unit == "1/s"


def histogram(moment, counts, bounds=(0.1, 0.5, 1), **given):
    buckets = json.dumps([bounds, counts])
    return point(
        moment, 0, name="latency.s", kind="histogram", number=sum(counts), buckets=buckets, **given
    )


def test_quantiles_of_a_histogram_are_those_of_what_was_added(store):
    write(
        store,
        histogram(NOW - SECOND, [100, 0, 0, 0], cumulative=True),
        histogram(NOW, [100, 10, 0, 0], cumulative=True),
        histogram(NOW + MINUTE, [100, 10, 0, 10], cumulative=True),
        histogram(NOW + MINUTE, [0, 0, 10, 0], labels={"other": "series"}),
    )
    found = metric(store, "latency.s")
    assert found["0.5",][NOW] == pytest.approx(0.3)
    # Ten between 0.5 and 1, and ten over the last bound, which stands for them.
    assert found["0.5",][NOW + MINUTE] == pytest.approx(1)
    assert found["0.95",][NOW + MINUTE] == 1
    assert metric(store, "latency.s", by=["other"])["series", "0.5"] == {NOW + MINUTE: 0.75}


def test_a_point_that_comes_again_replaces_the_first(store):
    write(store, point(NOW, 1))
    write(store, point(NOW, 5), point(NOW, 6))
    assert metric(store) == {(): {NOW: 6}}
    assert store.kept().points == 1


def test_metrics_are_listed_with_what_tells_their_series_apart(store):
    write(
        store,
        point(NOW, 1, {"pool": "a"}, unit="1", description="how many"),
        point(NOW, 1, {"host": "b"}, unit="1", description="how many", service="users"),
    )
    (row,) = store.metrics()
    assert (row.name, row.kind, row.unit, row.description) == (
        "pool.size",
        "gauge",
        "1",
        "how many",
    )
    assert row.services == ("orders", "users")
    assert row.labels == ("host", "pool")


def test_a_server_span_of_another_service_is_no_signal_of_ours(store):
    write(store, span(kind=SERVER, service="mesh", start=NOW))
    assert store.operations(NOW, NOW + MINUTE) == []
