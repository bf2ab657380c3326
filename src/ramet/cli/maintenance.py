"""Have the gateway answer that a service is being maintained."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from ramet.cli._local import ask, folder_here
from ramet.cli._parameters import Argument


class Switch(StrEnum):
    """What may be said."""

    ON = "on"
    OFF = "off"


def command(
    switch: Annotated[Switch, Argument(help="on or off")],
    service: Annotated[str | None, Argument(help="A service; all of them if left out.")] = None,
) -> int:
    """Answer requests from outside for a service, or for all, with 503 and Retry-After.

    At once, also on open connections; requests under way are finished. The service itself goes on:
    its workers, and what other services ask of it. Lasts until `off`, or `ramet down`.
    """
    on = switch is Switch.ON
    request = {"command": "maintenance", "service": service, "on": on}
    what = f"{service or 'everything'} is {'being maintained' if on else 'served again'}"
    return ask(folder_here(), request, what)
