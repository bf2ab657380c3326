"""Trace context on the wire: the headers of W3C Trace Context and Baggage, read and written.

A malformed one is as good as none: the work then begins a trace of its own
(https://www.w3.org/TR/trace-context/#processing-model-for-working-with-trace-context).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext

from opentelemetry import baggage
from opentelemetry.baggage.propagation import W3CBaggagePropagator
from opentelemetry.trace import TraceState

from ramet.telemetry.context_variable import CURRENT, SPAN, detach
from ramet.telemetry.foreign import ForeignSpan
from ramet.telemetry.spans import Parent, Span, told_by
from ramet.telemetry.tracing import Working

__all__ = ["headers", "parent_in", "with_baggage"]

_LENGTH = 55
"""Characters of `traceparent`, as far as its form is the same in all versions."""
_LARGEST_STATE = 512
"""Characters of `tracestate` that are handed on: as many as the standard wants, no more."""
_LARGEST_BAGGAGE = 8192  # bytes, the standard's own limit
_NO_TRACE, _NO_SPAN = "0" * 32, "0" * 16
_ODD = "13579bdf"  # the flags' last digit, where the lowest bit says "sampled"
_NO_BAGGAGE = nullcontext()
_baggage = W3CBaggagePropagator()


def parent_in(traceparent: object, tracestate: object = None) -> Parent | None:
    """The span that sent these two values; None where they are absent or malformed."""
    if not isinstance(traceparent, str):
        return None
    text = traceparent.strip()
    known, rest = text[:_LENGTH], text[_LENGTH:]
    parts = known.split("-")
    try:
        version, trace_id, span_id, flags = parts
        # It takes capitals and spaces, too, which are none of these.
        digits = bytes.fromhex(version + trace_id + span_id + flags)
    except ValueError:
        return None
    if len(trace_id) != 32 or len(span_id) != 16 or len(digits) != 26 or known != known.lower():
        return None
    # A later version may have more at the end; version 00 has nothing there, and ff is none.
    if rest and (version == "00" or rest[0] != "-"):
        return None
    if trace_id == _NO_TRACE or span_id == _NO_SPAN or version == "ff":
        return None
    state = "" if tracestate is None else _state(tracestate)
    return Parent(trace_id, span_id, flags[1] in _ODD, state)


def _state(given: object) -> str:
    """`tracestate` as OpenTelemetry takes it; empty where that is malformed.

    Read here, once: OpenTelemetry logs a malformed one each time that it reads it, and to read it
    for the ids of that very line would never end.
    """
    if not isinstance(given, str) or not given or len(given) > _LARGEST_STATE:
        return ""
    return TraceState.from_header([given]).to_header()


def headers(of: Parent | Working | None = None) -> dict[str, str]:
    """What to send along, so that the receiver's spans are children of `of`, or the current one.

    `traceparent`, and `tracestate` and `baggage` where there are any; nothing without a trace.
    """
    current = CURRENT.get()
    span: object = current.get(SPAN) if of is None else of
    if type(span) is not Span and type(span) is not Parent:  # not the usual case
        span = told_by(span.inner if type(span) is ForeignSpan else span)
        if span is None:
            return {}
    found = {"traceparent": span.traceparent}
    if span.state:
        found["tracestate"] = span.state
    if len(current) > 1 and baggage.get_all(current):  # there is more than the span
        _baggage.inject(found, current)
    return found


def with_baggage(value: str | None) -> AbstractContextManager[None]:
    """Have the `baggage` header that came in as OpenTelemetry's baggage, and handed on."""
    if value is None or len(value) > _LARGEST_BAGGAGE:
        return _NO_BAGGAGE
    return _attached({"baggage": value})


@contextmanager
def _attached(carrier: Mapping[str, str]) -> Iterator[None]:
    token = CURRENT.set(_baggage.extract(carrier))
    try:
        yield
    finally:
        detach(token)
