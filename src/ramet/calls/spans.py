"""The two spans of a call: the caller's, with the line that makes it, and the callee's.

Names and attributes are those of https://opentelemetry.io/docs/specs/semconv/rpc/connect-rpc/.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache
from types import TracebackType
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
from ramet.telemetry.context_variable import CURRENT
from ramet.telemetry.propagation import parent_in
from ramet.telemetry.spans import Shape

__all__ = ["fetching", "making", "serving"]


def making(
    operation: Operation, caller: str | None, depth: int, *, may_be_inside: bool = False
) -> AbstractContextManager[object]:
    """The span of a caller, made where the frame `depth` above this function's caller is.

    `may_be_inside`: it is allowed within a transaction, so the span tells whether one is open.
    """
    begin = tracing.begin
    if begin is None:
        return _NOTHING
    frame = sys._getframe(depth + 1)
    shape = _made(operation, frame.f_code.co_filename, frame.f_lineno)
    inside = may_be_inside and open_transaction() is not None
    said = {"ramet.in_transaction": True} if inside else None
    return _Call(begin(shape, said, None, (), caller))


def serving(
    operation: Operation, headers: Mapping[str, Any] | None = None
) -> AbstractContextManager[object]:
    """The span of a callee; `headers` are WSGI's, where its caller is in another process."""
    begin = tracing.begin
    if begin is None:
        return _NOTHING
    parent = None
    if headers is not None:
        parent = parent_in(headers.get("HTTP_TRACEPARENT"), headers.get("HTTP_TRACESTATE"))
    shape, owner = _served(operation, context.calling_service.get())
    return _Call(begin(shape, None, parent, (), owner))


def fetching(
    service: str, method: str, path: str, caller: str | None, seconds: float
) -> AbstractContextManager[tracing.Working]:
    """The span of a `ramet.fetch` that may take `seconds`; of the path without its query."""
    said = {
        "url.full": f"http://{service}{path.partition('?')[0]}",
        "ramet.deadline_ms": round(seconds * 1000),
    }
    return tracing.work(_fetched(service, method), said, service=caller)


_NOTHING = nullcontext()


class _Call(tracing.Work):
    """A span that also tells with which error of calls its work ends."""

    __slots__ = ()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is None:  # as Work does it, a step shorter
            CURRENT.reset(self._token)
            self.span.end()
            return
        if isinstance(error, RemoteError):
            self.span.set_attribute("rpc.response.status_code", error.code)
            if isinstance(error, Refused):
                self.span.set_attribute("ramet.refused", error.wire_name)
        super().__exit__(kind, error, traceback)


@lru_cache(maxsize=4096)
def _made(operation: Operation, file: str, line: int) -> Shape:
    site = {"code.file.path": from_project(file), "code.line.number": line}
    return Shape(operation.label, SpanKind.CLIENT, _said(operation) | site)


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
