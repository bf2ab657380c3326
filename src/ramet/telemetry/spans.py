"""Spans that cost a request little: plain records, which another thread turns into OTLP.

They are spans of OpenTelemetry's API, so that a team's own and every instrumentation library's join
the same trace. The SDK's cost a small view half of its time again (benchmarks/telemetry_cost.py).

All spans of one trace in this process, from the one that came in to its last descendant, are one
`Part`. They are kept together or not at all, and that is decided when the first one ends: only then
is it known whether something failed or was slow.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import time_ns
from typing import Any, NamedTuple

from opentelemetry import trace
from opentelemetry.trace import Link, SpanContext, SpanKind, StatusCode, TraceFlags, TraceState
from opentelemetry.trace.status import Status

from ramet.telemetry.failures import described
from ramet.telemetry.sampling import COMPARED

__all__ = ["Event", "Parent", "Part", "Rules", "Shape", "Span"]

LARGEST_PART = 1000
"""Spans of one part that wait for its end, at most. Of a sampled one they are then handed over, of
another the rest is left out: a loop without an end must not fill the memory."""
_MOST_ATTRIBUTES = _MOST_EVENTS = _MOST_LINKS = 128
"""Of one span, as in OpenTelemetry's own limits; what comes then is left out
(https://opentelemetry.io/docs/specs/otel/trace/sdk/#span-limits)."""

_random = random.Random()  # noqa: S311 - ids, no secrets; the project may seed the module's own
_random_bits = _random.getrandbits
os.register_at_fork(after_in_child=_random.seed)


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


class Parent(NamedTuple):
    """A span of another process, or one that was stored: who goes on with its trace.

    Ids are bytes: 16 and 8. `state` is the value of `tracestate`.
    """

    trace_id: bytes
    span_id: bytes
    is_sampled: bool
    state: str = ""

    @classmethod
    def of(cls, context: SpanContext) -> Parent:
        """From OpenTelemetry's form of the same."""
        return cls(
            context.trace_id.to_bytes(16, "big"),
            context.span_id.to_bytes(8, "big"),
            context.trace_flags.sampled,
            context.trace_state.to_header(),
        )

    @property
    def traceparent(self) -> str:
        """As W3C Trace Context writes it (https://www.w3.org/TR/trace-context/)."""
        return f"00-{self.trace_id.hex()}-{self.span_id.hex()}-0{int(self.is_sampled)}"

    def context(self) -> SpanContext:
        """OpenTelemetry's form of the same."""
        return _context_of(self, self.span_id, is_remote=True)

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
    """What holds for every part: a new trace is sampled if its id is below `bound`, `take` gets the
    spans of a part that is kept, which it is from `slow` nanoseconds on whatever was decided."""

    bound: int
    slow: int
    take: Callable[[list[Span]], None]


class Part:
    """The spans of one trace in this process; see the module."""

    # Of the class until they change, as in Span: each that is set costs every request.
    state = ""
    has_failed = False
    is_decided = False
    is_kept = False
    left_out = 0
    root: Span | None = None

    def __init__(self, parent: Parent | None, rules: Rules) -> None:
        """A new trace, or one that goes on."""
        self.rules = rules
        self.spans: list[Span] = []
        if parent is None:
            number = _random_bits(128)
            self.trace_id: bytes = number.to_bytes(16, "big")
            self.is_sampled = number & COMPARED < rules.bound
        else:
            self.trace_id, _, self.is_sampled, state = parent
            if state:
                self.state = state

    def ended(self, span: Span) -> None:
        """A span of it has ended. Threads may still work for it after the first one has."""
        if span is self.root:
            self.root = None  # without a cycle, the garbage collector has nothing to do
            self.is_decided = True
            is_slow = span.end_time - span.start_time >= self.rules.slow
            if self.is_sampled or self.has_failed or is_slow:
                self._keep(span)
            elif self.spans:
                self.spans = []
        elif self.is_decided:
            if self.is_kept or span.is_error:
                self.rules.take([span])
        elif len(self.spans) < LARGEST_PART:
            self.spans.append(span)
        elif self.is_sampled:
            spans, self.spans = self.spans, [span]
            self.rules.take(spans)
        else:
            self.left_out += 1

    def _keep(self, root: Span) -> None:
        self.is_kept = True
        if self.left_out:
            root.set_late("ramet.spans_left_out", self.left_out)
        spans, self.spans = self.spans, []
        spans.append(root)
        self.rules.take(spans)


class Span(trace.Span):
    """One piece of work. Times are nanoseconds since the epoch; `end_time` is 0 until its end.

    `name` is None where it is the shape's. `service` is whose work it is, where several services
    share a process.
    """

    attributes: dict[str, Any] | None = None
    end_time = 0
    events: list[Event] | None = None
    is_error = False
    links: Sequence[Link] = ()
    message: str | None = None
    name: str | None = None

    def __init__(self, shape: Shape, part: Part, parent_id: bytes, service: str | None) -> None:
        self.shape = shape
        self.part = part
        self.parent_id = parent_id
        self.service = service
        self.span_id: bytes = _random_bits(64).to_bytes(8, "big")
        self.start_time = time_ns()

    # -- What OpenTelemetry's API asks for --------------------------------------------------------

    def end(self, end_time: int | None = None) -> None:
        if self.end_time:
            return
        self.end_time = end_time or time_ns()
        self.part.ended(self)

    def get_span_context(self) -> SpanContext:
        return _context_of(self.part, self.span_id, is_remote=False)

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
            self.part.has_failed = True

    def record_exception(
        self,
        exception: BaseException,
        attributes: Mapping[str, Any] | None = None,
        timestamp: int | None = None,
        escaped: bool = False,
    ) -> None:
        self.add_event("exception", {**described(exception), **(attributes or {})}, timestamp)

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
        self.is_error = self.part.has_failed = True
        self.message = error

    @property
    def traceparent(self) -> str:
        """As W3C Trace Context writes it, for children elsewhere."""
        part = self.part
        flag = "1" if part.is_sampled else "0"
        return f"00-{part.trace_id.hex()}-{self.span_id.hex()}-0{flag}"

    def as_parent(self) -> Parent:
        """What its children elsewhere are told."""
        return Parent(self.part.trace_id, self.span_id, self.part.is_sampled, self.part.state)


def _context_of(home: Part | Parent, span_id: bytes, *, is_remote: bool) -> SpanContext:
    return SpanContext(
        int.from_bytes(home.trace_id, "big"),
        int.from_bytes(span_id, "big"),
        is_remote,
        TraceFlags(int(home.is_sampled)),
        TraceState.from_header([home.state]) if home.state else None,
    )
