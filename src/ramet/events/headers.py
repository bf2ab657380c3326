"""What an event carries besides its payload: the trace and the request that caused it, never a
token.

Names are CloudEvents extension attributes (lower-case letters and digits; `traceparent` and
`tracestate` are those of the Distributed Tracing extension, https://github.com/cloudevents/spec).
The context is structlog's, which the server side of requests and calls binds; another package may
add its own with `carry`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager

from structlog.contextvars import bound_contextvars, get_contextvars

from ramet.telemetry import propagation, tracing

Capture = Callable[[], dict[str, str]]
Restore = Callable[[dict[str, str]], AbstractContextManager[object]]

_FROM_CONTEXT = {
    "traceparent": "traceparent",
    "tracestate": "tracestate",
    "requestid": "request_id",
}
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-.*")
_carriers: list[tuple[Capture, Restore]] = []


def carry(capture: Capture, restore: Restore) -> None:
    """Add `capture()` to the headers of what is published, and run handlers inside
    `restore(headers)`."""
    _carriers.append((capture, restore))


def captured() -> dict[str, str]:
    """The headers for an event that is published now."""
    context = get_contextvars()
    headers = {
        header: str(context[name]) for header, name in _FROM_CONTEXT.items() if context.get(name)
    }
    # Of the current span, where this process makes any; else what came in is handed on.
    headers |= propagation.headers()
    for capture, _ in _carriers:
        headers |= capture()
    return headers


@contextmanager
def restored(headers: dict[str, str]) -> Iterator[None]:
    """The publisher's context around the handler, so that one trace and request id go through."""
    context = {name: headers[header] for header, name in _FROM_CONTEXT.items() if header in headers}
    with ExitStack() as stack:
        if tracing.is_on():  # its own span tells the trace then
            context = {name: each for name, each in context.items() if name == "request_id"}
        stack.enter_context(bound_contextvars(**context))
        stack.enter_context(propagation.with_baggage(headers.get("baggage")))
        for _, restore in _carriers:
            stack.enter_context(restore(headers))
        yield


def trace_id(text: str) -> str | None:
    """The trace in headers as a row stores them (W3C Trace Context, `traceparent`); None: none."""
    found = _TRACEPARENT.fullmatch(loaded(text).get("traceparent", ""))
    return found[1] if found else None


def dumped(headers: dict[str, str]) -> str:
    """Headers as a row stores them."""
    return json.dumps(headers)


def loaded(text: str) -> dict[str, str]:
    """Headers from a row."""
    headers: dict[str, str] = json.loads(text)
    return headers
