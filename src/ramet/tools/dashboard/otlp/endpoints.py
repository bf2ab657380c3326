"""`POST /v1/traces`, `/v1/logs` and `/v1/metrics`, by the OTLP specification ("OTLP/HTTP")."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ramet.tools.dashboard.otlp.bodies import Bodies, Body, Refused
from ramet.tools.dashboard.otlp.decoding import JSON, PROTOBUF, Decoded, decode
from ramet.tools.dashboard.otlp.replies import refusal, success
from ramet.tools.dashboard.otlp.signals import LOGS, METRICS, TRACES, Signal
from ramet.tools.dashboard.otlp.wire import Malformed
from ramet.tools.dashboard.store import Full, Store

__all__ = ["routes"]

DECODERS = 1
"""Requests that are decoded at once: each may take many times its size of memory."""


def routes(store: Store) -> list[Route]:
    """The three signals' routes. A request with an `Origin` header (a web page's) gets 403."""
    bodies, decoders = Bodies(), anyio.CapacityLimiter(DECODERS)
    return [
        Route(f"/v1/{signal.name}", _endpoint(store, signal, bodies, decoders), methods=["POST"])
        for signal in (TRACES, LOGS, METRICS)
    ]


def _endpoint(
    store: Store, signal: Signal, bodies: Bodies, decoders: anyio.CapacityLimiter
) -> Callable[[Request], Awaitable[Response]]:
    async def export(request: Request) -> Response:
        content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        try:
            if "origin" in request.headers:
                raise Refused(403, None, "telemetry is not taken from web pages")
            if content_type not in (PROTOBUF, JSON):
                raise Refused(415, None, f"the content type is neither {PROTOBUF} nor {JSON}")
            async with bodies.read(request) as body:
                decoded = await anyio.to_thread.run_sync(
                    _accept, store, body, content_type, signal, limiter=decoders
                )
        except Refused as refused:
            if refused.reason:
                store.lose(signal.name, refused.reason)
            return refusal(refused, content_type)
        return success(decoded, content_type, signal)

    return export


def _accept(store: Store, body: Body, content_type: str, signal: Signal) -> Decoded:
    try:
        decoded = decode(body.unpacked(), content_type, signal)
        store.add(decoded.batch)
    except Malformed as error:
        raise Refused(400, "malformed-request", str(error)) from None
    except Full as full:
        raise Refused(429, "queue-full", str(full), full.retry_after) from None
    return decoded
