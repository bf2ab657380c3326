"""The ids that go along with every call and request to another service: request and trace.

Their home is structlog's context, so that they are on every log line; where spans are made, the
trace's is OpenTelemetry's context, which has the span that makes the call.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from structlog.contextvars import get_contextvars

from ramet.telemetry import propagation, tracing
from ramet.telemetry.tracing import Working

__all__ = ["ids_in", "ids_to_send"]

_IDS = (("request_id", "x-request-id"), ("traceparent", "traceparent"))


def ids_in(environ: Mapping[str, Any]) -> dict[str, str]:
    """The ids that came with a request, as structlog's context has them; `environ` is WSGI's."""
    found = {}
    if "HTTP_X_REQUEST_ID" in environ:
        found["request_id"] = environ["HTTP_X_REQUEST_ID"]
    # Without spans of its own, a process hands on what it got.
    if "HTTP_TRACEPARENT" in environ and tracing.begin is None:
        found["traceparent"] = environ["HTTP_TRACEPARENT"]
    return found


def ids_to_send(span: Working | None = None) -> dict[str, str]:
    """Headers with the ids of the work at hand, which is `span`'s, else the current one's."""
    context = get_contextvars()
    found = propagation.headers(span)
    for name, header in _IDS:
        value = context.get(name)
        # They may come from outside; one that no header can carry must not make the call fail.
        if isinstance(value, str) and value.isascii() and value.isprintable():
            found.setdefault(header, value)
    return found
