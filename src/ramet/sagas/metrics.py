"""Sagas as metrics: how many runs stand where, and how long the oldest has been under way."""

from __future__ import annotations

from collections.abc import Iterator

from ramet.sagas.counting import counts
from ramet.telemetry.metrics import Gauge, source

_STATES = ("running", "waiting", "compensating", "stuck")


@source("sagas")
def gauges() -> Iterator[Gauge]:
    """What `ramet sagas lag` shows, of the database of this process."""
    of = ("saga", "version")
    runs = Gauge(
        "ramet_sagas_runs",
        "Runs that have not ended. Stuck ones need a person; waiting ones are running ones.",
        (*of, "status"),
    )
    oldest = Gauge("ramet_sagas_oldest_running_seconds", "Age of the oldest live run.", of)
    stuck = Gauge("ramet_sagas_oldest_stuck_seconds", "Age of the oldest that needs a person.", of)
    unknown = Gauge("ramet_sagas_without_code", "1: no code here knows the runs' version.", of)
    for each in counts():
        labels = (each.saga, str(each.version))
        for status in _STATES:
            runs.add(getattr(each, status), *labels, status)
        oldest.add(each.oldest_running_seconds, *labels)
        stuck.add(each.oldest_stuck_seconds, *labels)
        unknown.add(0 if each.is_known else 1, *labels)
    yield from (runs, oldest, stuck, unknown)
