"""Gauges that are read where the scrape happens, such as what waits in a database.

They are the same whichever process is asked, and nothing is counted while requests wait.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import structlog

from ramet.telemetry.metrics.declaring import Declaration, declare

__all__ = ["Gauge", "Reading", "read_sources", "source"]

log = structlog.get_logger("ramet.telemetry")


@dataclass(slots=True)
class Reading:
    """What one gauge shows now."""

    declaration: Declaration
    samples: list[tuple[tuple[str, ...], float]] = field(default_factory=list)
    """The values of the attributes, and the measured one."""

    def add(self, value: float, *values: str) -> None:
        """One more sample."""
        self.samples.append((values, value))


class Gauge:
    """Declares a metric that a source reads."""

    def __init__(
        self, name: str, text: str, *, unit: str = "", attributes: tuple[str, ...] = ()
    ) -> None:
        self.declaration = declare(Declaration(name, "gauge", text, unit, attributes))

    def reading(self, *samples: tuple[tuple[str, ...], float]) -> Reading:
        """A new reading of it, with these samples to begin with."""
        return Reading(self.declaration, [*samples])


Read = Callable[[], Iterable[Reading]]

_sources: dict[str, Read] = {}
_UP = Gauge("ramet.metrics.source.up", "1 if these metrics could be read.", attributes=("source",))


def source(name: str) -> Callable[[Read], Read]:
    """Have each scrape call a function for its readings; `name` tells which source failed."""

    def register(read: Read) -> Read:
        _sources[name] = read
        return read

    return register


def read_sources() -> list[Reading]:
    """What all sources read.

    One that fails (its database is away) is left out, logged, and told by
    `ramet_metrics_source_up`; the others stay.
    """
    up = _UP.reading()
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
