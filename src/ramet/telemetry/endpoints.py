"""`/livez`, `/readyz`, `/startupz` and `/metrics`: what a machine asks a process.

In front of Django, because a process that is asked every few seconds should not pay for middleware,
and the answer must not depend on it. Neither the gateway nor the mesh lets anybody through to them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import json

from ramet.system import probes
from ramet.telemetry.health import add, databases
from ramet.telemetry.health.questions import Health, live, ready, started

__all__ = ["PATHS", "answer"]

HEALTH_JSON = "application/health+json"
"""https://datatracker.ietf.org/doc/html/draft-inadarei-api-health-check-06"""

PATHS = frozenset(probes.PATHS)

_QUESTIONS: dict[str, Callable[[], Health]] = {
    probes.LIVE: live,
    probes.READY: ready,
    probes.STARTED: started,
}

add("databases", databases.checks)


def answer(path: str, accept: str = "") -> tuple[int, str, bytes]:
    """The status, content type and body for one of PATHS; `accept` is the header of HTTP.

    200 where the answer is yes, also where something is degraded, else 503.
    """
    if path == probes.METRICS:
        # Where nobody scrapes, nothing is imported.
        from ramet.telemetry.metrics.prometheus import exposition

        content_type, body = exposition(accept)
        return 200, content_type, body
    health = _QUESTIONS[path]()
    return (503 if health.status == "fail" else 200), HEALTH_JSON, json.encode(_document(health))


def _document(health: Health) -> dict[str, Any]:
    return {
        "status": health.status,
        "checks": {
            name: [{"status": outcome.status, **({"output": outcome.text} if outcome.text else {})}]
            for name, outcome in health.checks.items()
        },
    }
