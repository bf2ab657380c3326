"""Stop the local system; leaves no process and no socket."""

from __future__ import annotations

import typer

from ramet.cli._local import here


def command() -> None:
    """Stop what `ramet up` started here, also what a killed one left behind.

    Requests and work in hand are finished first. Databases and events are kept.
    """
    from ramet.tools.local import session

    system, folder = here()
    if session.stop(folder):
        typer.echo(f"{system.name} is down")
    else:
        typer.echo(f"{system.name} was not running")
