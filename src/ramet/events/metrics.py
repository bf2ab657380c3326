"""Outbox and inbox as metrics: what an alert needs to know, for each handler."""

from __future__ import annotations

from collections.abc import Iterator

from ramet.events.operating import lag
from ramet.telemetry.metrics import Gauge, source

_OF_HANDLERS = (
    ("ramet_events_waiting", "Events in the inbox that are not worked off yet.", "waiting"),
    ("ramet_events_oldest_waiting_seconds", "Age of the oldest of them.", "oldest"),
    ("ramet_events_retrying", "Events that failed and are tried again.", "retrying"),
    ("ramet_events_held", "Events of a version that the code does not know.", "held"),
    ("ramet_events_dead", "Dead letters.", "dead"),
)


@source("events")
def gauges() -> Iterator[Gauge]:
    """What `ramet events lag` shows, of the database of this process."""
    found = lag()
    for name, text, value in (
        ("ramet_events_unsent", "Events in the outbox.", found.unsent),
        ("ramet_events_oldest_unsent_seconds", "Age of the oldest of them.", found.oldest_unsent),
        ("ramet_events_scheduled", "Events whose time has not come.", found.scheduled),
    ):
        yield Gauge(name, text, samples=[((), value)])
    for name, text, attribute in _OF_HANDLERS:
        gauge = Gauge(name, text, ("handler",))
        for each in found.handlers:
            gauge.add(getattr(each, attribute), each.handler)
        yield gauge
