"""Give a service's canary another share of the requests."""

from __future__ import annotations

from typing import Annotated

from ramet.cli._local import ask, folder_here
from ramet.cli._parameters import Argument


def command(
    service: Annotated[str, Argument(help="A service with a canary in ramet.toml.")],
    weight: Annotated[int, Argument(min=0, max=100, help="A percentage.")],
) -> int:
    """Send so many percent of a service's requests from outside to its canary, from now on.

    Lasts until `ramet down`; then ramet.toml says it again.
    """
    request = {"command": "canary", "service": service, "weight": weight}
    return ask(folder_here(), request, f"{weight}% of {service} goes to its canary")
