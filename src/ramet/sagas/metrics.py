"""Sagas as metrics: how their steps went, how many runs stand where, and since when."""

from __future__ import annotations

from collections.abc import Iterator

from ramet.sagas.counting import counts
from ramet.telemetry.metrics import Counter, Gauge, Histogram, source
from ramet.telemetry.metrics.sources import Reading

__all__ = ["ENDED", "STARTED", "STEPS"]

_SAGA, _STEP, _OUTCOME = "ramet.saga", "ramet.step", "ramet.outcome"
_OF = (_SAGA, "version")

STARTED = Counter(
    "ramet.sagas.started", "Runs whose transaction was committed.", attributes=(_SAGA,)
)
ENDED = Counter(
    "ramet.sagas.ended",
    "Runs that were completed or compensated, or got stuck.",
    attributes=(_SAGA, _OUTCOME),
)
STEPS = Histogram(
    "ramet.sagas.step.duration",
    "Attempts of steps, and of what undoes them: done, refused or failed.",
    attributes=(_SAGA, _STEP, _OUTCOME),
)

_STATES = ("running", "waiting", "compensating", "stuck")
_RUNS = Gauge(
    "ramet.sagas.runs",
    "Runs that have not ended. Stuck ones need a person; waiting ones are running ones.",
    attributes=(*_OF, "status"),
)
_OLDEST = Gauge(
    "ramet.sagas.oldest.running", "Age of the oldest live run.", unit="s", attributes=_OF
)
_OLDEST_STUCK = Gauge(
    "ramet.sagas.oldest.stuck", "Age of the oldest that needs a person.", unit="s", attributes=_OF
)
_UNKNOWN = Gauge(
    "ramet.sagas.without.code", "1: no code here knows the runs' version.", attributes=_OF
)


@source("sagas")
def readings() -> Iterator[Reading]:
    """What `ramet sagas lag` shows, of the database of this process."""
    runs, oldest, stuck = _RUNS.reading(), _OLDEST.reading(), _OLDEST_STUCK.reading()
    unknown = _UNKNOWN.reading()
    for each in counts():
        labels = (each.saga, str(each.version))
        for status in _STATES:
            runs.add(getattr(each, status), *labels, status)
        oldest.add(each.oldest_running_seconds, *labels)
        stuck.add(each.oldest_stuck_seconds, *labels)
        unknown.add(0 if each.is_known else 1, *labels)
    yield from (runs, oldest, stuck, unknown)
