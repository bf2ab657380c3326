"""The paths that every Django process answers by itself, to machines that look after it.

Here, because both sides must agree: whoever answers, and the gateway, which lets nobody through.
"""

__all__ = ["LIVE", "LONGEST", "METRICS", "PATHS", "READY", "STARTED"]

LIVE, READY, STARTED = "/livez", "/readyz", "/startupz"
METRICS = "/metrics"

PATHS = (LIVE, METRICS, READY, STARTED)
"""Exactly these, in this spelling."""

LONGEST = 1.5
"""Seconds that an answer waits for what it looks at. Whoever asks waits longer."""
