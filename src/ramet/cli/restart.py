"""Restart a service with its code as it is now."""

from __future__ import annotations

from typing import Annotated

from ramet.cli._local import ask, folder_here
from ramet.cli._parameters import Argument


def command(
    service: Annotated[str, Argument(help="A service or an engine; see `ramet status`.")],
) -> int:
    """Restart a service's processes, or an engine. Services that share its process restart too.

    The old processes serve until the new ones can: code that does not load changes nothing.
    """
    folder = folder_here()
    return ask(folder, {"command": "restart", "service": service}, f"{service} restarted")
