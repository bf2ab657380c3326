"""What there is to measure: the one list from which names, documents and exports are made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["SECONDS", "Declaration", "Kind", "declare", "declared"]

Kind = Literal["counter", "histogram", "level", "gauge"]
"""A level goes up and down in each process, and those of living processes are added up; a gauge is
read where the scrape happens, and the same whichever process is asked."""

SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of a histogram's buckets: OpenTelemetry's for durations of requests, and smaller
ones, because a call in the mesh takes a third of a millisecond."""


@dataclass(frozen=True, slots=True)
class Declaration:
    """One metric. `name` and `attributes` are OpenTelemetry's (semantic conventions where they have
    one), `unit` is UCUM's: "s", or "" for a number of things. `bounds` is for histograms."""

    name: str
    kind: Kind
    text: str
    unit: str = ""
    attributes: tuple[str, ...] = ()
    bounds: tuple[float, ...] = ()

    @property
    def family(self) -> str:
        """The name of Prometheus's family, without a counter's `_total`, by OpenTelemetry's rules
        (https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/)."""
        name = plain(self.name)
        unit = {"s": "seconds"}.get(self.unit, self.unit)
        return name if not unit or name.endswith(f"_{unit}") else f"{name}_{unit}"

    @property
    def labels(self) -> tuple[str, ...]:
        """The attributes, as Prometheus names them."""
        return tuple(plain(name) for name in self.attributes)

    @property
    def samples(self) -> tuple[str, ...]:
        """The names under which Prometheus keeps it, for queries."""
        if self.kind == "histogram":
            return tuple(f"{self.family}_{part}" for part in ("bucket", "count", "sum"))
        return (f"{self.family}_total",) if self.kind == "counter" else (self.family,)


def plain(name: str) -> str:
    """A name of OpenTelemetry in Prometheus's letters."""
    return name.replace(".", "_")


_declared: dict[str, Declaration] = {}


def declare(declaration: Declaration) -> Declaration:
    """Enter it into the list. ValueError for another one of the same name."""
    if _declared.setdefault(declaration.name, declaration) != declaration:
        raise ValueError(f"two metrics are called {declaration.name}")
    return declaration


def declared() -> list[Declaration]:
    """All that the modules loaded so far declare, by name."""
    return [_declared[name] for name in sorted(_declared)]
