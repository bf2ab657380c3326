"""Stop a service of the running system; the others go on."""

from __future__ import annotations

from typing import Annotated

from ramet.cli._local import ask, folder_here
from ramet.cli._parameters import Argument


def command(
    service: Annotated[str, Argument(help="A service or an engine; see `ramet status`.")],
) -> int:
    """End a service's processes, those in its group too, until `ramet start`.

    Requests and work in hand are finished first. Then the mesh answers for it with 503.
    """
    request = {"command": "stop-service", "service": service}
    return ask(folder_here(), request, f"{service} is stopped")
