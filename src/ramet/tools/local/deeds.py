"""Who had the supervisor change something, and when, as a line of what `ramet up` prints.

Such deeds are of the machine and not of a service, whose database its audit log is in: that may be
the very one that is being stopped. What is done to the content of a service (dead letters, runs of
sagas) is in its audit log.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

_DEEDS = {
    "canary",
    "fault",
    "maintenance",
    "restart",
    "rotate-authority",
    "scale",
    "start-service",
    "stop",
    "stop-service",
}
_LONGEST = 300


def described(request: dict[str, Any], now: datetime) -> str | None:
    """Such as `2026-11-23T10:00:00Z dashboard asked: scale {"service": "orders", "count": 3}`.

    None for a request that changes nothing. `now` has a time zone. What was asked is JSON on one
    line, so that no name in it can look like a line of ours.
    """
    command = request["command"]
    if command not in _DEEDS:
        return None
    who = "dashboard" if request.get("via") == "dashboard" else "command line"
    details = {name: each for name, each in request.items() if name not in ("command", "via")}
    words = f" {json.dumps(details)[:_LONGEST]}" if details else ""
    return f"{now.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ} {who} asked: {command}{words}"
