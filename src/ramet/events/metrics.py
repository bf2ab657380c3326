"""Events as metrics: what is counted as it happens, and what waits in outbox and inbox."""

from __future__ import annotations

from collections.abc import Iterator

from ramet.telemetry.metrics import Counter, Gauge, Histogram, source
from ramet.telemetry.metrics.sources import Reading

__all__ = ["DEAD", "DONE", "FAILED", "HANDLED", "PUBLISHED", "RECEIVED", "SEND_FAILED", "SENT"]

_TYPE = "messaging.destination.name"
_HANDLER = "ramet.handler"

PUBLISHED = Counter(
    "ramet.events.published", "Events whose transaction was committed.", attributes=(_TYPE,)
)
SENT = Counter(
    "ramet.events.sent", "Events that left the outbox: the broker has them.", attributes=(_TYPE,)
)
SEND_FAILED = Counter(
    "ramet.events.send.failed",
    "Attempts to send an event that the broker did not acknowledge.",
    attributes=(_TYPE,),
)
RECEIVED = Counter(
    "ramet.events.received", "Events that the broker delivered.", attributes=(_TYPE,)
)
HANDLED = Histogram(
    "ramet.events.handler.duration",
    "Attempts of handlers: done, failed (tried again) or dead (a dead letter).",
    attributes=(_HANDLER, _TYPE, "ramet.outcome"),
)
DONE, FAILED, DEAD = "done", "failed", "dead"

_UNSENT = Gauge("ramet.events.unsent", "Events in the outbox.")
_OLDEST_UNSENT = Gauge(
    "ramet.events.oldest.unsent", "Age of the oldest event in the outbox.", unit="s"
)
_SCHEDULED = Gauge("ramet.events.scheduled", "Events whose time has not come.")
_OF_HANDLERS = tuple(
    (Gauge(f"ramet.events.{name}", text, unit=unit, attributes=(_HANDLER,)), field)
    for name, text, unit, field in (
        ("waiting", "Events in the inbox that are not worked off yet.", "", "waiting"),
        ("oldest.waiting", "Age of the oldest event in the inbox.", "s", "oldest"),
        ("retrying", "Events that failed and are tried again.", "", "retrying"),
        ("held", "Events of a version that the code does not know.", "", "held"),
        ("dead", "Dead letters.", "", "dead"),
    )
)


@source("events")
def readings() -> Iterator[Reading]:
    """What `ramet events lag` shows, of the database of this process."""
    from ramet.events.operating import lag  # not before the subscriptions, which count as well

    found = lag()
    yield _UNSENT.reading(((), found.unsent))
    yield _OLDEST_UNSENT.reading(((), found.oldest_unsent))
    yield _SCHEDULED.reading(((), found.scheduled))
    for gauge, field in _OF_HANDLERS:
        yield gauge.reading(
            *(((each.handler,), float(getattr(each, field))) for each in found.handlers)
        )
