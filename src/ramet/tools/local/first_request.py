"""How long a person waits after `ramet up` for the first answer of a service."""

from __future__ import annotations

import asyncio
import time
from urllib.parse import urlsplit

from ramet.tools.local import http
from ramet.tools.local.plan import Plan

_LONGEST_SECONDS = 30.0
_GATEWAY_ALONE = (502, 503, 504)


async def seconds_to_first_request(plan: Plan) -> float | None:
    """Ask the gateway until a service answers; seconds since `plan.began`.

    None when the system has no routes, or nobody answers in time.
    """
    gateway = plan.system.gateway
    routes = [route for service in plan.services for route in service.routes]
    deadline = time.monotonic() + _LONGEST_SECONDS
    while routes and time.monotonic() < deadline:
        status = await http.status_of(
            (gateway.host, gateway.port),
            routes[0],
            host=urlsplit(gateway.public_url).netloc,
            tls=gateway.speaks_tls,
        )
        if status is not None and status not in _GATEWAY_ALONE:
            return round(time.time() - plan.began, 2)
        await asyncio.sleep(0.02)
    return None
