"""Makes spans: children of the current one, by OpenTelemetry's context, which is everybody's.

`work` is how Ramet's own parts make them. Where nothing is exported it makes none; where the
project has set up an OpenTelemetry SDK it makes spans of that.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from contextvars import Token
from types import TracebackType
from typing import Any, Protocol, cast

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Link, SpanKind, Status, StatusCode

from ramet.telemetry import buffering, spans
from ramet.telemetry.context_variable import CURRENT, SPAN, detach
from ramet.telemetry.current import Current
from ramet.telemetry.foreign import Foreign, ForeignSpan
from ramet.telemetry.sampling import bound_of
from ramet.telemetry.spans import Parent, Rules, Shape, Span, told_by

__all__ = [
    "Provider",
    "Working",
    "annotate",
    "attach",
    "current_parent",
    "fail",
    "fail_current",
    "is_on",
    "kept_trace",
    "parent_of",
    "set_up",
    "start",
    "traceparent",
    "within_current",
    "work",
]


class Working(Protocol):
    """The span of a piece of work in hand, whoever records it."""

    @property
    def is_error(self) -> bool:
        """Whether it has failed."""

    def set_attribute(self, key: str, value: Any, /) -> None:
        """Say one more thing about it."""

    def add_event(self, name: str, attributes: Any = None, /) -> None:
        """Something happened within it, now."""

    def become(self, shape: Shape, /) -> None:
        """Take the name and the attributes of another shape: what it is may be known only later."""

    def belong(self, service: str | None, /) -> None:
        """Say whose work it is, which may be known only later."""

    def fail(self, error: BaseException | str, /) -> None:
        """Mark it as failed, by an exception or for a reason."""

    def end(self) -> None:
        """It is done. `work` does this by itself."""


class Work:
    """The context manager of `work`: its span is current inside, and an exception marks it."""

    __slots__ = ("_token", "span")

    def __init__(self, span: Working) -> None:
        self.span = span

    def __enter__(self) -> Working:
        self._token = attach(self.span)
        return self.span

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        detach(self._token)
        if error is not None:
            fail(self.span, error)
        self.span.end()


def attach(span: Working) -> Token[Context]:
    """Make it the current one until `detach`: trace.set_span_in_context and context.attach."""
    of_api = span.inner if type(span) is ForeignSpan else span
    current = CURRENT.get()
    # A `Context` is a dict that cannot be changed; to copy this one into such would be felt.
    inside: Any = {**current, SPAN: of_api} if current else {SPAN: of_api}
    return CURRENT.set(inside)


def fail(span: Working, error: BaseException) -> None:
    """Mark it as failed by an exception, unless it is already, or the exception is an answer."""
    if not span.is_error and not _is_no_fault(error):
        span.fail(error)


def work(
    shape: Shape,
    attributes: dict[str, Any] | None = None,
    *,
    parent: Parent | None = None,
    links: Sequence[Link] = (),
    service: str | None = None,
) -> AbstractContextManager[Working]:
    """A context manager around a piece of work; `with` gives its span, a `Working`.

    `parent` is one of another process, for what comes in; else the current span is it. `attributes`
    becomes the span's own. `service` is whose work it is, else it is the parent's.
    """
    if begin is None:
        return _NO_SPAN
    return Work(begin(shape, attributes, parent, links, service))


def start(
    shape: Shape,
    attributes: dict[str, Any] | None = None,
    *,
    parent: Parent | None = None,
    links: Sequence[Link] = (),
    service: str | None = None,
) -> Working:
    """A span that is not the current one, for one of several pieces of work at the same time.

    As `work`, but whoever starts it ends it.
    """
    if begin is None:
        return _NO_SPAN
    return begin(shape, attributes, parent, links, service)


def current_parent() -> Parent | None:
    """The current span as its children in other processes are told of it; None without one."""
    span = CURRENT.get().get(SPAN)
    return span.as_parent() if type(span) is Span else told_by(span)


def kept_trace(span: object = None) -> str | None:
    """The id, see `ids`, of the trace of `span`, else of the current one, if it is sampled, so that
    it can be looked up."""
    found = CURRENT.get().get(SPAN) if span is None else span
    if type(found) is not Span:
        found = told_by(found.inner if type(found) is ForeignSpan else found)
    return found.trace_id if found is not None and found.is_sampled else None


def traceparent() -> str:
    """The current span as a `traceparent` header; empty without one.

    For `<meta name="traceparent" content="...">`, so that what a page's script fetches belongs to
    the trace that made the page.
    """
    parent = current_parent()
    return "" if parent is None else parent.traceparent


def parent_of(span: Working) -> Parent | None:
    """A span as its children in other processes are told of it; None where nothing is traced."""
    if isinstance(span, Span):
        return span.as_parent()
    return Parent.of(span.inner.get_span_context()) if isinstance(span, ForeignSpan) else None


def within_current(function: Callable[[], Any]) -> Callable[[], Any]:
    """`function`, to be called later as a part of what is current now, such as after a commit."""
    if not is_on():
        return function
    current = CURRENT.get()

    def call() -> Any:
        token = CURRENT.set(current)
        try:
            return function()
        finally:
            detach(token)

    return call


def annotate(**facts: Any) -> None:
    """Note business ids, `annotate(order_id=order.id)`, by which a trace can be searched for.

    Each becomes the attribute `app.<name>` of the current span and of the first span of this trace
    in this process. Texts, numbers and booleans stay as they are, anything else becomes its text.
    No secrets and nothing about a person: telemetry is read by many.
    """
    span: Any = trace.get_current_span()
    spans = [span]
    if type(span) is Span and span.first is not None:
        spans.append(span.first)
    for name, value in facts.items():
        plain = value if isinstance(value, str | int | float | bool) else str(value)
        for each in spans:
            each.set_attribute(f"app.{name}", plain)


def fail_current(error: BaseException) -> None:
    """Mark the current span as failed, where an exception is caught before its end."""
    span: Any = trace.get_current_span()
    if type(span) is Span:
        span.fail(error)
    elif span.is_recording():
        span.record_exception(error)
        span.set_status(Status(StatusCode.ERROR, type(error).__qualname__))


def is_on() -> bool:
    """Whether spans are made in this process."""
    return begin is not None


def set_up(*, is_exported: bool, ratio: float = 1.0, slow: float = 1.0) -> None:
    """Make this process trace: with the project's own SDK where it has one, else with ours.

    Ours keeps a share `ratio` of new traces, and what fails or takes `slow` seconds. May be called
    again, to change these.
    """
    global begin
    found = trace.get_tracer_provider()
    if not isinstance(found, Provider | trace.ProxyTracerProvider):
        begin = Foreign(found.get_tracer("ramet")).begin
        return
    _own.change(is_exported, ratio, slow)
    begin = _own.begin if is_exported else None
    if is_exported and found is not _own:
        trace.set_tracer_provider(_own)


class Provider(trace.TracerProvider):
    """Gives tracers that make our spans; one for the process."""

    def __init__(self) -> None:
        self.is_on = False
        self.change(False, 1.0, 1.0)

    def change(self, is_on: bool, ratio: float, slow: float) -> None:
        """What holds for parts of traces that begin from now on."""
        self.is_on = is_on
        rules = Rules(bound_of(ratio), round(slow * 1e9), buffering.take)
        self.begin: Callable[..., Span] = spans.maker(rules)

    def get_tracer(
        self,
        instrumenting_module_name: str,
        instrumenting_library_version: str | None = None,
        schema_url: str | None = None,
        attributes: Any = None,
    ) -> trace.Tracer:
        """See OpenTelemetry's API; version, schema and attributes of the library are left out."""
        return Tracer(self, instrumenting_module_name)


class Tracer(trace.Tracer):
    """For a team's own spans and instrumentation libraries; Ramet's own parts use `work`."""

    def __init__(self, provider: Provider, scope: str) -> None:
        self._provider = provider
        self._scope = scope

    def start_span(
        self,
        name: str,
        context: Context | None = None,
        kind: SpanKind = SpanKind.INTERNAL,
        attributes: Any = None,
        links: Sequence[Link] | None = None,
        start_time: int | None = None,
        record_exception: bool = True,
        set_status_on_exception: bool = True,
    ) -> trace.Span:
        """See OpenTelemetry's API."""
        if not self._provider.is_on:
            return trace.NonRecordingSpan(trace.get_current_span(context).get_span_context())
        own = dict(attributes) if attributes else None
        shape = Shape(name, kind, scope=self._scope)
        span = self._provider.begin(shape, own, None, links or (), None, context)
        if start_time:
            span.start_time = start_time
        return cast("trace.Span", span)

    # OpenTelemetry's own type for what this gives is a private one.
    def start_as_current_span(  # type: ignore[override]
        self,
        name: str,
        context: Context | None = None,
        kind: SpanKind = SpanKind.INTERNAL,
        attributes: Any = None,
        links: Sequence[Link] | None = None,
        start_time: int | None = None,
        record_exception: bool = True,
        set_status_on_exception: bool = True,
        end_on_exit: bool = True,
    ) -> Current:
        """See OpenTelemetry's API."""

        def begin() -> AbstractContextManager[trace.Span]:
            span = self.start_span(name, context, kind, attributes, links, start_time)
            return trace.use_span(span, end_on_exit, record_exception, set_status_on_exception)

        return Current(begin)


class _NoSpan:
    """A `Working`, and its own context manager, for a process that traces nothing."""

    def set_attribute(self, key: str, value: Any) -> None: ...

    def add_event(self, name: str, attributes: Any = None) -> None: ...

    def become(self, shape: Shape) -> None: ...

    def belong(self, service: str | None) -> None: ...

    is_error = False

    def fail(self, error: BaseException | str) -> None: ...

    def end(self) -> None: ...

    def __enter__(self) -> Working:
        return self

    def __exit__(self, *_: object) -> None: ...


def _is_no_fault(error: BaseException) -> bool:
    """Whether an exception is an answer, such as a business "no": its class says so."""
    return getattr(error, "ramet_is_no_fault", False)


_NO_SPAN = _NoSpan()


_own = Provider()

begin: Callable[..., Working] | None = None
"""What `start` makes spans with, by its arguments in their order; None where none are made. For
calls between services, which would feel two functions more."""
