"""All metrics of a service as Prometheus reads them, whichever of its processes is asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ramet.telemetry.metrics import instruments
from ramet.telemetry.metrics.declaring import Declaration
from ramet.telemetry.metrics.shared import Series, add_up, numbers_of
from ramet.telemetry.metrics.sources import read_sources

if TYPE_CHECKING:
    from prometheus_client import Metric

__all__ = ["exposition", "own_series"]


def exposition(accept: str = "") -> tuple[str, bytes]:
    """The content type and the text: OpenMetrics, which has exemplars, where `accept` (the header
    of HTTP) asks for it, else Prometheus's own format
    (https://prometheus.io/docs/instrumenting/exposition_formats/)."""
    # Late: a process that nobody scrapes does not pay for it.
    from prometheus_client.exposition import choose_encoder
    from prometheus_client.registry import Collector, CollectorRegistry

    class Everything(Collector):
        def collect(self) -> Iterator[Metric]:
            yield from _families()

    registry = CollectorRegistry(auto_describe=False)
    registry.register(Everything())
    encode, content_type = choose_encoder(accept)
    return content_type, encode(registry)


def own_series() -> list[Series]:
    """What this process alone has counted."""
    numbers = instruments.own_cells().numbers
    return [
        numbers_of(numbers, each.declaration, values, at)
        for each in instruments.all_instruments()
        for values, at in list(each.series.items())
    ]


def _families() -> Iterator[Metric]:
    from prometheus_client import Metric

    folder = instruments.folder()
    counted: dict[Declaration, list[Series]] = {}
    for series in own_series() if folder is None else add_up(folder):
        counted.setdefault(series.declaration, []).append(series)
    told: set[str] = set()
    for declaration, all_series in sorted(counted.items(), key=lambda each: each[0].name):
        if declaration.family in told:
            continue  # of other code than this, which declares it otherwise
        told.add(declaration.family)
        kind = {"level": "gauge"}.get(declaration.kind, declaration.kind)
        family = Metric(declaration.family, declaration.text, kind)
        for series in all_series:
            _add(family, series)
        yield family
    for reading in read_sources():
        declaration = reading.declaration
        family = Metric(declaration.family, declaration.text, "gauge")
        for values, value in reading.samples:
            labels = dict(zip(declaration.labels, values, strict=True))
            family.add_sample(declaration.family, labels, value)
        yield family


def _add(family: Metric, series: Series) -> None:
    declaration = series.declaration
    labels = dict(zip(declaration.labels, series.values, strict=True))
    if declaration.kind != "histogram":
        name = declaration.samples[0]
        family.add_sample(name, labels, series.numbers[0])
        return
    from prometheus_client.samples import Exemplar

    total, *rest = series.numbers
    slowest, at, *_ = rest[len(declaration.bounds) + 1 :]
    count, before = 0.0, float("-inf")
    for bound, within in zip((*declaration.bounds, float("inf")), rest, strict=False):
        count += within
        exemplar = None
        if series.exemplar and before < slowest <= bound:
            exemplar = Exemplar({"trace_id": series.exemplar}, slowest, at)
        family.add_sample(
            f"{family.name}_bucket",
            {**labels, "le": _bound(bound)},
            count,
            exemplar=exemplar,
        )
        before = bound
    family.add_sample(f"{family.name}_count", labels, count)
    family.add_sample(f"{family.name}_sum", labels, total)


def _bound(bound: float) -> str:
    return "+Inf" if bound == float("inf") else str(bound)
