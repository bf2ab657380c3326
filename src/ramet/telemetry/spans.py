"""Spans that cost a request little: plain records, which another thread turns into OTLP.

They are spans of OpenTelemetry's API, so that a team's own and every instrumentation library's join
the same trace. The SDK's cost a small view half of its time again (benchmarks/telemetry_cost.py).

The spans of one trace in this process, from the first one to its last descendant, are one part of
it. They are kept together or not at all, and that is decided when the first one ends: only then is
it known whether something failed or was slow.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import time_ns
from typing import Any

import msgspec
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Link, SpanContext, SpanKind, StatusCode, TraceFlags, TraceState
from opentelemetry.trace.status import Status

from ramet.telemetry import ids
from ramet.telemetry.context_variable import CURRENT, SPAN
from ramet.telemetry.failures import described

__all__ = ["Event", "Parent", "Rules", "Shape", "Span", "maker", "told_by"]

LARGEST_PART = 1000
"""Spans of one part that wait for its end, at most. Of a sampled one they are then handed over, of
another the rest is left out: a loop without an end must not fill the memory."""
_MOST_ATTRIBUTES = _MOST_EVENTS = _MOST_LINKS = 128
"""Of one span, as in OpenTelemetry's own limits; what comes then is left out
(https://opentelemetry.io/docs/specs/otel/trace/sdk/#span-limits)."""

_ready_id = ids.READY.pop


class Shape:
    """What the spans of one place in the code have in common, so that it is encoded once.

    Make it once and keep it. `scope` is the instrumentation's name; `encoded` is the encoder's.
    """

    __slots__ = ("attributes", "encoded", "kind", "name", "scope")

    def __init__(
        self,
        name: str,
        kind: SpanKind = SpanKind.INTERNAL,
        attributes: Mapping[str, Any] | None = None,
        scope: str = "ramet",
    ) -> None:
        self.name = name
        self.kind = kind
        self.attributes: Mapping[str, Any] = attributes or {}
        self.scope = scope
        self.encoded: tuple[bytes, bytes] | None = None


class Parent(msgspec.Struct, frozen=True, gc=False):
    """A span of another process, or one that was stored: who goes on with its trace.

    Ids are as on the wire, see `ids`. `state` is the value of `tracestate`.
    """

    trace_id: str
    span_id: str
    is_sampled: bool
    state: str = ""

    @classmethod
    def of(cls, context: SpanContext) -> Parent:
        """From OpenTelemetry's form of the same."""
        return cls(
            trace.format_trace_id(context.trace_id),
            trace.format_span_id(context.span_id),
            context.trace_flags.sampled,
            context.trace_state.to_header(),
        )

    @property
    def traceparent(self) -> str:
        """As W3C Trace Context writes it (https://www.w3.org/TR/trace-context/)."""
        return f"00-{self.trace_id}-{self.span_id}-0{int(self.is_sampled)}"

    def context(self) -> SpanContext:
        """OpenTelemetry's form of the same."""
        return _context_of(self, is_remote=True)

    def link(self) -> Link:
        """A link to it, beside its being the parent, for what was stored in between."""
        return Link(self.context())


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened within a span; `time` in nanoseconds since the epoch."""

    name: str
    time: int
    attributes: Mapping[str, Any]


@dataclass(slots=True)
class Rules:
    """What holds for every part: a new trace is sampled if its id ends below `bound`; `take` gets
    the spans of a part that is kept, which from `slow` nanoseconds on it is in any case."""

    bound: str
    slow: int
    take: Callable[[list[Span]], None]


class Span(msgspec.Struct, eq=False, weakref=True):
    """One piece of work. Times are nanoseconds since the epoch; `end_time` is 0 until its end.

    Ids are as on the wire, see `ids`; `parent_id` is empty without a parent, which may be in
    another process. `name` is None where it is the shape's. `service` is whose work it is, where
    several services share a process. What `maker` gives makes them.
    """

    rules: Rules
    shape: Shape
    attributes: dict[str, Any] | None
    links: Sequence[Link]
    service: str | None
    first: Span | None
    """The first one of its part; None: it is that itself."""
    trace_id: str
    span_id: str
    parent_id: str
    is_sampled: bool
    state: str
    start_time: int
    end_time: int = 0
    events: list[Event] | None = None
    has_failed: bool = False
    """Of a first one, whether any of its part has."""
    is_error: bool = False
    is_kept: bool = False
    """Of a first one that has ended, whether its part is kept."""
    left_out: int = 0
    """Of a first one, how many of its part found no room."""
    message: str | None = None
    name: str | None = None
    rest: list[Span] | None = None
    """Of a first one that goes on, the others of its part that have ended."""

    # -- What OpenTelemetry's API asks for --------------------------------------------------------

    def end(self, end_time: int | None = None) -> None:
        if self.end_time:
            return
        now = end_time or time_ns()
        first = self.first
        if first is not None:
            self.end_time = now
            first._take(self)
        elif self.is_sampled or self.has_failed or now - self.start_time >= self.rules.slow:
            self.is_kept = True  # before threads that work on for it see that it has ended
            self.end_time = now
            self._hand_over()
        else:
            self.end_time = now
            self.rest = None

    def get_span_context(self) -> SpanContext:
        return _context_of(self, is_remote=False)

    def set_attribute(self, key: str, value: Any) -> None:
        if not self.end_time:
            self.set_late(key, value)

    def set_attributes(self, attributes: Mapping[str, Any]) -> None:
        for key, value in attributes.items():
            self.set_attribute(key, value)

    def add_event(
        self, name: str, attributes: Mapping[str, Any] | None = None, timestamp: int | None = None
    ) -> None:
        if self.end_time:
            return
        if self.events is None:
            self.events = []
        if len(self.events) < _MOST_EVENTS:
            self.events.append(Event(name, timestamp or time_ns(), attributes or {}))

    def add_link(self, context: SpanContext, attributes: Mapping[str, Any] | None = None) -> None:
        if not self.end_time and len(self.links) < _MOST_LINKS:
            self.links = (*self.links, Link(context, attributes))

    def update_name(self, name: str) -> None:
        if not self.end_time:
            self.name = name

    def is_recording(self) -> bool:
        return not self.end_time

    def set_status(self, status: Status | StatusCode, description: str | None = None) -> None:
        if self.end_time:
            return
        code = status
        if isinstance(status, Status):
            code, description = status.status_code, status.description
        self.is_error = code is StatusCode.ERROR
        if self.is_error:
            self.message = description
            (self.first or self).has_failed = True

    def record_exception(
        self,
        exception: BaseException,
        attributes: Mapping[str, Any] | None = None,
        timestamp: int | None = None,
        escaped: bool = False,
    ) -> None:
        self.add_event("exception", {**described(exception), **(attributes or {})}, timestamp)

    def __enter__(self) -> Span:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    # -- What is ours ------------------------------------------------------------------------------

    def set_late(self, key: str, value: Any) -> None:
        """Set an attribute, also of a span that has ended but is not handed over yet."""
        if self.attributes is None:
            self.attributes = {key: value}
        elif len(self.attributes) < _MOST_ATTRIBUTES or key in self.attributes:
            self.attributes[key] = value

    def become(self, shape: Shape) -> None:
        """Take the name and the attributes of another shape."""
        self.shape = shape

    def belong(self, service: str | None) -> None:
        """Say whose work it is."""
        self.service = service

    def fail(self, error: BaseException | str) -> None:
        """Mark it as failed, by an exception or for a reason."""
        if isinstance(error, BaseException):
            self.record_exception(error)
            error = type(error).__qualname__
        self.is_error = (self.first or self).has_failed = True
        self.message = error

    @property
    def traceparent(self) -> str:
        """As W3C Trace Context writes it, for children elsewhere."""
        flag = "1" if self.is_sampled else "0"
        return f"00-{self.trace_id}-{self.span_id}-0{flag}"

    def as_parent(self) -> Parent:
        """What its children elsewhere are told."""
        return Parent(self.trace_id, self.span_id, self.is_sampled, self.state)

    def _take(self, span: Span) -> None:
        """Another one of its part has ended. Threads may work for it after its own end, too."""
        if self.end_time:
            if self.is_kept or span.is_error:
                self.rules.take([span])
        elif self.rest is None:
            self.rest = [span]
        elif len(self.rest) < LARGEST_PART:
            self.rest.append(span)
        elif self.is_sampled:
            spans, self.rest = self.rest, [span]
            self.rules.take(spans)
        else:
            self.left_out += 1

    def _hand_over(self) -> None:
        if self.left_out:
            self.set_late("ramet.spans_left_out", self.left_out)
        spans, self.rest = self.rest or [], None
        spans.append(self)
        self.rules.take(spans)


# It is one of the API's without being made by it: a record is made in C, in a third of the time.
trace.Span.register(Span)


def maker(rules: Rules) -> Callable[..., Span]:
    """What begins spans of parts for which `rules` hold: see `tracing.start`."""

    def begin(
        shape: Shape,
        attributes: dict[str, Any] | None = None,
        parent: Parent | None = None,
        links: Sequence[Link] = (),
        service: str | None = None,
        context: Context | None = None,
    ) -> Span:
        """A span below `parent`, else below the current one in `context`, else of a new trace."""
        above: Any = parent
        if parent is None:
            above = (CURRENT.get() if context is None else context).get(SPAN)
            if above is not None and type(above) is not Span:
                above = told_by(above)  # of another provider, as if it came in from outside
        try:
            span_id = _ready_id()
        except IndexError:
            span_id = ids.more()
        if above is None:
            try:
                high, low = _ready_id(), _ready_id()
            except IndexError:
                high, low = ids.more(), ids.more()
            first, trace_id, parent_id, is_sampled, state = (
                None,
                high + low,
                "",
                low < rules.bound,
                "",
            )
        else:
            first = None
            if type(above) is Span:
                first = above.first or above
                service = service or above.service
            trace_id, parent_id = above.trace_id, above.span_id
            is_sampled, state = above.is_sampled, above.state
        return Span(
            rules,
            shape,
            attributes,
            links,
            service,
            first,
            trace_id,
            span_id,
            parent_id,
            is_sampled,
            state,
            time_ns(),
        )

    return begin


def told_by(span: object) -> Parent | None:
    """What children of a span that is not ours are told; None without one."""
    if span is None or not isinstance(span, trace.Span):
        return None
    context = span.get_span_context()
    return Parent.of(context) if context.is_valid else None


def _context_of(span: Span | Parent, *, is_remote: bool) -> SpanContext:
    return SpanContext(
        int(span.trace_id, 16),
        int(span.span_id, 16),
        is_remote,
        TraceFlags(int(span.is_sampled)),
        TraceState.from_header([span.state]) if span.state else None,
    )
