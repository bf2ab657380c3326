"""Which version of the project's code a process runs, for `status` and for its telemetry."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

NAME = "OTEL_SERVICE_VERSION"
"""Of the environment: what `ramet.telemetry` says as `service.version`."""


def version_of(root: Path) -> str:
    """What the environment says, else Git's name for what is in `root`; "" where neither knows.

    A commit with changes that are not committed ends in `-dirty`.
    """
    if given := os.environ.get(NAME):
        return given
    command = ["git", "describe", "--always", "--dirty", "--tags"]
    try:
        done = subprocess.run(
            command, cwd=root, capture_output=True, text=True, timeout=5, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
