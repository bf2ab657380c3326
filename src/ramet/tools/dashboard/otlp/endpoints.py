"""`POST /v1/traces`, `/v1/logs` and `/v1/metrics`."""

from __future__ import annotations

from starlette.routing import Route

from ramet.tools.dashboard.store import Store

__all__ = ["routes"]


def routes(store: Store) -> list[Route]:
    """The three signals' routes. A request with an `Origin` header (a web page's) gets 403."""
    raise NotImplementedError
