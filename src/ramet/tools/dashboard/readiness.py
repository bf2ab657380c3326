"""Whether a service says that it is ready, and why not."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from ramet.system import probes
from ramet.tools.dashboard import unix_http

__all__ = ["Readiness", "readiness"]


@dataclass(frozen=True, slots=True)
class Readiness:
    """`status` is the HTTP status of `/readyz`, 0 where nobody answers; `reasons` as JSON."""

    status: int
    reasons: str

    @property
    def is_ready(self) -> bool:
        """Whether it takes requests."""
        return self.status == 200


def readiness(run: Path, group: str) -> Readiness:
    """Ask the first web process of a group, whose socket is in the folder `run`."""
    try:
        answer = unix_http.ask(run / f"{group}.web.sock", "GET", probes.READY, timeout=3)
    except OSError as error:
        return Readiness(0, str(error) or type(error).__name__)
    try:
        text = json.dumps(json.loads(answer.body), indent=2, ensure_ascii=False)
    except ValueError:
        text = answer.body.decode("utf-8", "replace")
    return Readiness(answer.status, text)
