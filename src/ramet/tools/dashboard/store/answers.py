"""What comes out of the store. Times and durations are nanoseconds, times since the epoch, UTC.

Ids are lower-case hexadecimal text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = [
    "Edge",
    "Link",
    "LogRow",
    "LogSearch",
    "Map",
    "MetricRow",
    "Node",
    "OperationRow",
    "Segment",
    "Series",
    "Share",
    "SpanEvent",
    "Trace",
    "TraceRow",
    "TraceSearch",
    "TraceSpan",
]


@dataclass(frozen=True, slots=True)
class TraceSearch:
    """Which traces to list. What is None does not restrict.

    `service`, `operation` and `attributes` must all hold of one and the same span of the trace.
    """

    service: str | None = None
    operation: str | None = None
    """A part of a span's name, in any case of letters."""
    status: str | None = None
    """`error`: at least one span failed; `ok`: none."""
    min_duration: int | None = None
    max_duration: int | None = None
    """Of the whole trace."""
    user: str | None = None
    attributes: tuple[tuple[str, str], ...] = ()
    """Pairs of key and value, such as `("app.order_id", "94b8...")`; numbers and booleans as in
    JSON."""
    since: int | None = None
    until: int | None = None
    """Of the trace's start; `until` is excluded."""
    limit: int = 50
    before: str | None = None
    """`TraceRow.cursor` of the last row seen: the page after it."""


@dataclass(frozen=True, slots=True)
class TraceRow:
    """One trace in a list, the latest start first."""

    id: int
    """Rises in the order in which traces first arrived."""
    trace_id: str
    service: str
    operation: str
    """Both of the root span; of the earliest span while the root has not arrived. Where the root is
    a proxy's that knows the HTTP method only, the operation is that of the first that knows more.
    """
    rooted: bool
    """Whether the root span is here."""
    start: int
    duration: int
    """From the first start to the last end, what happened asynchronously included."""
    spans: int
    errors: int
    """Spans that failed."""
    services: tuple[str, ...]
    user: str | None

    @property
    def cursor(self) -> str:
        """Opaque: for `TraceSearch.before`."""
        return f"{self.start}-{self.id}"


@dataclass(frozen=True, slots=True)
class SpanEvent:
    """Something that happened at one moment of a span, such as an exception."""

    time: int
    name: str
    attributes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Link:
    """A span that this one is related to and that need not be its parent."""

    trace_id: str
    span_id: str
    attributes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LogRow:
    """One log record."""

    id: int
    """Rises in the order of arrival: for `LogSearch.before` and `logs_after`."""
    time: int
    service: str
    level: str
    """`trace`, `debug`, `info`, `warning`, `error` or `fatal`; `info` where none was given."""
    text: str
    trace_id: str | None
    span_id: str | None
    attributes: Mapping[str, Any]
    resource: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LogSearch:
    """Which logs to list, the last that arrived first. What is None does not restrict."""

    service: str | None = None
    level: str | None = None
    """This one and everything graver; the names of `LogRow.level`."""
    text: str | None = None
    """A part of the text, in any case of letters."""
    trace_id: str | None = None
    since: int | None = None
    until: int | None = None
    limit: int = 200
    before: int | None = None
    """`LogRow.id` of the last row seen: the page after it."""


@dataclass(frozen=True, slots=True)
class TraceSpan:
    """One line of a waterfall."""

    span_id: str
    parent_id: str | None
    service: str
    operation: str
    kind: str
    """`internal`, `server`, `client`, `producer` or `consumer`."""
    work: str
    """What the time went to: `sql`, `call`, `http`, `event` or `own` code."""
    start: int
    """Corrected by `shift`."""
    duration: int
    status: str
    """`unset`, `ok` or `error`."""
    message: str | None
    place: str | None
    """`file:line` where the span tells it."""
    attributes: Mapping[str, Any]
    events: tuple[SpanEvent, ...]
    links: tuple[Link, ...]
    logs: tuple[LogRow, ...]
    """Written within this span, in order of time."""
    resource: Mapping[str, Any]
    """Of the process: `service.instance.id`, `service.version`, `ramet.role`, ..."""
    depth: int
    """0 for a root, and for a span whose parent is missing."""
    self_time: int
    """Part of the duration that is in no child's."""
    critical: tuple[Segment, ...]
    """Parts of this span that the end of its root waited for."""
    asynchronous: bool
    """Whether the parent does not wait for it."""
    parent_missing: bool
    shift: int
    """What was added to its times because its machine's clock is not its parent's; mostly 0."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of time on the critical path, spent in one span and in none of its children."""

    span_id: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Share:
    """Time on the critical path of a trace's root, by service or by kind of work."""

    name: str
    duration: int
    part: float
    """Of the root's duration, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Trace:
    """One trace: spans in the order of a waterfall, each child after its parent."""

    trace_id: str
    service: str
    operation: str
    start: int
    duration: int
    """From the first start to the last end."""
    spans: tuple[TraceSpan, ...]
    logs: tuple[LogRow, ...]
    """Of this trace, written within none of the spans above."""
    critical_path: tuple[Segment, ...]
    """Of the root span, in order of time: why the answer took as long as it did."""
    by_service: tuple[Share, ...]
    by_work: tuple[Share, ...]
    missing_parents: int
    """Spans that name a parent which is not here."""
    cycles: int
    """Spans that were cut loose because they were their own ancestors."""
    left_out: int
    """Spans over the number that was asked for."""


@dataclass(frozen=True, slots=True)
class Node:
    """A service, database, event type or foreign program."""

    key: str
    """`service:orders`, `database:postgresql/orders`, `event:orders.OrderPlaced.v1`,
    `external:api.example.com`."""
    kind: str
    name: str
    requests: float
    """What came in: requests and calls answered, events handled, queries, publications."""
    errors: float
    p50: int
    p95: int


@dataclass(frozen=True, slots=True)
class Edge:
    """What went from one node to another, as it was seen by the one that knows how long it took."""

    source: str
    target: str
    """Keys of nodes."""
    calls: float
    """Weighted by the sampling ratio where spans tell it."""
    errors: float
    p50: int
    p95: int
    traces: tuple[str, ...]
    """Up to three examples, a failed one first."""


@dataclass(frozen=True, slots=True)
class Map:
    """What really flowed. Quantiles are exact to 5%."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    since: int
    until: int
    """Whole minutes: the window that was asked for, widened."""

    @property
    def seconds(self) -> float:
        """Length of the window, for rates."""
        return (self.until - self.since) / 1e9


@dataclass(frozen=True, slots=True)
class OperationRow:
    """One operation of one service: a view, a contract's operation, a handler, a task."""

    service: str
    operation: str
    kind: str
    calls: float
    rate: float
    """Per second of the window."""
    errors: float
    p50: int
    p95: int
    p99: int
    total: int
    """Time spent in all calls."""


@dataclass(frozen=True, slots=True)
class MetricRow:
    """A metric that was ingested: what a page of metrics can offer."""

    name: str
    kind: str
    """`gauge`, `sum`, `updown` or `histogram`."""
    unit: str
    description: str
    services: tuple[str, ...]
    labels: tuple[str, ...]
    """Names of attributes that tell its series apart."""


@dataclass(frozen=True, slots=True)
class Series:
    """Values over time, one for each step; a step without any has no point."""

    name: str
    labels: Mapping[str, str]
    """What tells it apart: `service`, `operation`, `quantile`, attributes of a metric."""
    unit: str
    points: tuple[tuple[int, float], ...]
    """Pairs of the step's start and the value."""
