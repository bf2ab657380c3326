"""Start a service again that was stopped."""

from __future__ import annotations

from typing import Annotated

from ramet.cli._local import ask, folder_here
from ramet.cli._parameters import Argument


def command(
    service: Annotated[str, Argument(help="A service or an engine; see `ramet status`.")],
) -> int:
    """Start the processes again that `ramet stop` ended; returns when they serve."""
    request = {"command": "start-service", "service": service}
    return ask(folder_here(), request, f"{service} is started")
