"""What a service measures, as Prometheus reads it.

What waits in a database is the same whichever process is asked, so these metrics are read from it
at the scrape: right with any number of processes, and nothing is counted while requests wait.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import structlog

__all__ = ["CONTENT_TYPE", "Gauge", "exposition", "source"]

log = structlog.get_logger("ramet.telemetry")

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""Of what `exposition` gives
(https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format)."""


@dataclass(slots=True)
class Gauge:
    """One metric: its name (with the unit, as Prometheus wants it), what it tells, its samples."""

    name: str
    text: str
    labels: tuple[str, ...] = ()
    samples: list[tuple[tuple[str, ...], float]] = field(default_factory=list)
    """The values of the labels, and the measured one."""

    def add(self, value: float, *labels: str) -> None:
        """One more sample."""
        self.samples.append((labels, value))


Read = Callable[[], Iterable[Gauge]]

_sources: dict[str, Read] = {}


def source(name: str) -> Callable[[Read], Read]:
    """Have `exposition` call a function for its metrics; `name` tells which source failed."""

    def register(read: Read) -> Read:
        _sources[name] = read
        return read

    return register


def exposition() -> bytes:
    """All metrics of this process's services, in Prometheus's text format.

    A source that fails (its database is away) is left out, logged, and told by
    `ramet_metrics_source_up`; the others stay.
    """
    # Late: a process that nobody scrapes does not pay for it.
    from prometheus_client.core import GaugeMetricFamily
    from prometheus_client.exposition import generate_latest
    from prometheus_client.registry import Collector, CollectorRegistry

    class Sources(Collector):
        def collect(self) -> Iterator[GaugeMetricFamily]:
            for gauge in _read_all():
                family = GaugeMetricFamily(gauge.name, gauge.text, labels=gauge.labels)
                for labels, value in gauge.samples:
                    family.add_metric(labels, value)
                yield family

    registry = CollectorRegistry(auto_describe=False)
    registry.register(Sources())
    return generate_latest(registry)


def _read_all() -> list[Gauge]:
    up = Gauge("ramet_metrics_source_up", "1 if these metrics could be read.", ("source",))
    found = [up]
    for name, read in sorted(_sources.items()):
        try:
            found += list(read())
        except Exception as error:  # noqa: BLE001 - whatever it is, the others are shown
            log.warning("metrics.source_failed", source=name, error=str(error))
            up.add(0, name)
        else:
            up.add(1, name)
    return found
