"""The two spans of a call: the caller's, with the line that makes it, and the callee's.

Names and attributes are those of https://opentelemetry.io/docs/specs/semconv/rpc/connect-rpc/.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager
from functools import lru_cache
from types import CodeType, FrameType
from typing import Any

from opentelemetry.trace import SpanKind

from ramet.calls import context
from ramet.calls.caller import owner_of
from ramet.calls.errors import RemoteError
from ramet.calls.operations import Operation
from ramet.calls.refusals import Refused
from ramet.calls.transactions import open_transaction
from ramet.telemetry import tracing
from ramet.telemetry.call_sites import from_project
from ramet.telemetry.propagation import parent_in
from ramet.telemetry.spans import Shape
from ramet.telemetry.tracing import Working

__all__ = ["fail", "fetching", "making", "serving"]


def making(
    operation: Operation, caller: str | None, depth: int, *, may_be_inside: bool = False
) -> Working | None:
    """The span of a caller, made where the frame `depth` above this function's caller is.

    It is not the current one, and whoever calls ends it: there is little that could happen within
    it in this process, and a call would feel it. None: nothing is traced. `may_be_inside`: it is
    allowed within a transaction, so the span tells whether one is open.
    """
    begin = tracing.begin
    if begin is None:
        return None
    frame = sys._getframe(depth + 1)
    code = frame.f_code
    # By the place in the code and not by its line, which takes longer to find.
    made = _made.get((operation, id(code), frame.f_lasti))
    shape = _made_at(operation, code, frame) if made is None else made[0]
    inside = may_be_inside and open_transaction() is not None
    said = {"ramet.in_transaction": True} if inside else None
    return begin(shape, said, None, (), caller)


def serving(operation: Operation, headers: Mapping[str, Any] | None = None) -> Working | None:
    """The span of a callee; `headers` are WSGI's, where its caller is in another process.

    Whoever serves attaches and ends it. None: nothing is traced.
    """
    begin = tracing.begin
    if begin is None:
        return None
    parent = None
    if headers is not None:
        parent = parent_in(headers.get("HTTP_TRACEPARENT"), headers.get("HTTP_TRACESTATE"))
    shape, owner = _served(operation, context.calling_service.get())
    return begin(shape, None, parent, (), owner)


def fetching(
    service: str, method: str, path: str, caller: str | None, seconds: float
) -> AbstractContextManager[Working]:
    """The span of a `ramet.fetch` that may take `seconds`; of the path without its query."""
    said = {
        "url.full": f"http://{service}{path.partition('?')[0]}",
        "ramet.deadline_ms": round(seconds * 1000),
    }
    return tracing.work(_fetched(service, method), said, service=caller)


def fail(span: Working, error: BaseException) -> None:
    """Say with which error a call ends; a business "no" is none of its faults."""
    if isinstance(error, RemoteError):
        span.set_attribute("rpc.response.status_code", error.code)
        if isinstance(error, Refused):
            span.set_attribute("ramet.refused", error.wire_name)
    tracing.fail(span, error)


_made: dict[tuple[Operation, int, int], tuple[Shape, CodeType]] = {}
"""By operation, code and place in it. The code is kept, so that no other one gets its id."""
_MOST_PLACES = 4096


def _made_at(operation: Operation, code: CodeType, frame: FrameType) -> Shape:
    site = {"code.file.path": from_project(code.co_filename), "code.line.number": frame.f_lineno}
    shape = Shape(operation.label, SpanKind.CLIENT, _said(operation) | site)
    if len(_made) >= _MOST_PLACES:  # code is made while this runs, as by a template or a shell
        _made.clear()
    _made[operation, id(code), frame.f_lasti] = (shape, code)
    return shape


@lru_cache(maxsize=4096)
def _served(operation: Operation, caller: str | None) -> tuple[Shape, str | None]:
    """And whose work it is. Callers are services that the mesh vouches for, so they are few."""
    said = _said(operation) | ({} if caller is None else {"ramet.caller": caller})
    return Shape(operation.label, SpanKind.SERVER, said), owner_of(operation.module)


@lru_cache(maxsize=256)
def _fetched(service: str, method: str) -> Shape:
    said = {"http.request.method": method, "server.address": service, "ramet.callee": service}
    return Shape(method, SpanKind.CLIENT, said)


def _said(operation: Operation) -> dict[str, Any]:
    return {
        "rpc.system.name": "connectrpc",
        "rpc.method": operation.label,
        "ramet.operation": operation.label,
        "ramet.callee": owner_of(operation.module),
        "ramet.deadline_ms": round(operation.deadline * 1000),
    }
