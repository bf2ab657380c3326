"""What goes into the store: spans, logs and metric points, decoded, checked and cut to size.

Tuples in the order of their table's columns, because at 20,000 spans a second nothing may come
between the decoder and the database. Times and durations are nanoseconds, times since the epoch;
ids are bytes here (16 for a trace, 8 for a span) and hexadecimal text in every answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

__all__ = ["Batch", "LogRecord", "PointRecord", "SeriesKey", "SpanRecord"]


class SpanRecord(NamedTuple):
    """One span as it is stored."""

    trace_id: bytes
    span_id: bytes
    parent_id: bytes | None
    service: str
    """`ramet.service` of the span itself, else `service.name` of its resource."""
    name: str
    kind: int
    """SpanKind of OTLP: 0 unspecified, 1 internal, 2 server, 3 client, 4 producer, 5 consumer."""
    start: int
    duration: int
    status: int
    """Status code of OTLP: 0 unset, 1 ok, 2 error."""
    message: str | None
    """Of the status."""
    peer_kind: str | None
    """What `peer` is: `service`, `database`, `event` or `external`."""
    peer: str | None
    """The other end of a client, producer or consumer span, or who called a server span."""
    place: str | None
    """`file:line` of the code that made the call or query, where the span tells it."""
    user: str | None
    weight: float
    """How many spans this one stands for: 1 / sampling probability, 1 where it is unknown."""
    attributes: str
    """A JSON object; `{}` without any."""
    events: str | None
    """A JSON array of `[time, name, attributes]`."""
    links: str | None
    """A JSON array of `[trace id, span id, attributes]`, ids in hexadecimal."""
    resource: str
    """The resource's attributes as a JSON object; the same text for everything of one process."""


class LogRecord(NamedTuple):
    """One log record as it is stored."""

    time: int
    """When it was written; where its writer does not say so, when it was observed."""
    service: str
    severity: int
    """SeverityNumber of OTLP, 0 to 24: 5 debug, 9 info, 13 warning, 17 error, 21 fatal."""
    body: str
    trace_id: bytes | None
    span_id: bytes | None
    attributes: str
    resource: str


class SeriesKey(NamedTuple):
    """What tells one series of a metric from the others."""

    service: str
    name: str
    kind: str
    """`gauge`, `sum` (monotonic), `updown` (a sum that may fall) or `histogram`."""
    cumulative: bool
    """Whether each point counts since the process started, not since the point before."""
    unit: str
    description: str
    attributes: str
    resource: str


class PointRecord(NamedTuple):
    """One point of a series."""

    series: SeriesKey
    time: int
    value: float
    """Of a gauge or a sum; of a histogram, the sum of its values."""
    number: int | None
    """How many values a histogram has counted; None of anything else."""
    buckets: str | None
    """Of a histogram: a JSON array `[bounds, counts]`, one count more than bounds."""


@dataclass(slots=True)
class Batch:
    """What one request brought. `losses` counts by (signal, reason) what was left out or cut."""

    spans: list[SpanRecord] = field(default_factory=list)
    logs: list[LogRecord] = field(default_factory=list)
    points: list[PointRecord] = field(default_factory=list)
    losses: Mapping[tuple[str, str], int] = field(default_factory=dict)
    size: int = 0
    """Bytes of the request, for the bound on what waits."""

    def __len__(self) -> int:
        return len(self.spans) + len(self.logs) + len(self.points)
