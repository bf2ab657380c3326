"""Stop the local system; leaves no process and no socket."""

from __future__ import annotations

from ramet.cli._local import folder_here, name_of


def command() -> None:
    """Stop what `ramet up` started here, also what a killed one left behind.

    Requests and work in hand are finished first. Databases and events are kept.
    """
    from ramet.tools.local import session

    folder = folder_here()
    name = name_of(folder)
    print(f"{name} is down" if session.stop(folder) else f"{name} was not running")
