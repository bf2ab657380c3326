"""Whether this process lives, has started, and can do its work; what it does without, and why.

Three questions, as Kubernetes asks them: `live` (start it again if not), `started` (wait until so),
`ready` (send it requests). Only what makes the process useless makes it unready: were it unready
with each service that it calls, one failure would take all of them away. The rest is "degraded".
"""

from ramet.telemetry.health.checking import Check, Outcome, add, degraded, failed, passed
from ramet.telemetry.health.questions import live, ready, started

__all__ = [
    "Check",
    "Outcome",
    "add",
    "degraded",
    "failed",
    "live",
    "passed",
    "ready",
    "started",
]
