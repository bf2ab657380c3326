"""The dashboard's own spans: of the calls that a person makes with it, so that traces are whole."""

from __future__ import annotations

import contextlib
import json

from ramet.tools.dashboard.calling import Call, Result
from ramet.tools.dashboard.store import Batch, Full, SpanRecord, Store

__all__ = ["keep"]

_CLIENT, _ERROR = 3, 2
_RESOURCE = json.dumps({"service.name": "dashboard"})


def keep(store: Store, made: Call, result: Result) -> None:
    """Store the span of a call; where the store is full, its trace lacks its beginning."""
    attributes = {
        "rpc.system.name": "connectrpc",
        "rpc.method": made.operation,
        "ramet.callee": made.service,
        "ramet.operation": made.operation,
        "rpc.response.status_code": result.code or "ok",
    }
    span = SpanRecord(
        trace_id=bytes.fromhex(result.trace_id),
        span_id=bytes.fromhex(result.span_id),
        parent_id=None,
        service="dashboard",
        name=made.operation,
        kind=_CLIENT,
        start=result.began,
        duration=result.duration,
        status=0 if result.status == 200 else _ERROR,
        message=result.message or None,
        peer_kind="service",
        peer=made.service,
        place=None,
        user=None,
        weight=1.0,
        attributes=json.dumps(attributes),
        events=None,
        links=None,
        resource=_RESOURCE,
    )
    with contextlib.suppress(Full):
        store.add(Batch(spans=[span]))
