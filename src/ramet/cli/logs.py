"""Show what services and engines wrote."""

from __future__ import annotations

from typing import Annotated

import typer

from ramet.cli._local import folder_here


def command(
    service: Annotated[
        str | None, typer.Argument(help="A service or an engine; all if left out.")
    ] = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on as they write, until Ctrl-C.")
    ] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", help="How many of each file.")] = 20,
) -> None:
    """Show the last lines of each process's log, each line after the process's name.

    Works also when the system is down: logs stay until the next `ramet up --fresh`.
    """
    from ramet.errors import DiagnosticError, Mistake
    from ramet.system import load, placement
    from ramet.tools.local import child, logs
    from ramet.tools.local.state import StateFile

    folder = folder_here()
    groups = (StateFile(folder).read() or {}).get("groups") or {}
    if service and not groups:
        system = load()
        groups = {
            group.name: list(group.services)
            for text in ("services", "monolith")
            for group in placement(system, text)
        }
    files = logs.files(folder, service, groups)
    if not files:
        raise DiagnosticError(
            Mistake(
                reference="no-logs",
                where=str(folder.logs),
                found=f"no log of {service or 'any service'}",
                expected="a service, or an engine (postgres, nats, envoy, dashboard), that has run",
                remedy="see `ramet status` for their names",
            )
        )
    width = max(len(file.stem) for file in files)
    for file in files:
        for line in child.last_lines(file, lines).splitlines():
            typer.echo(f"{file.stem:<{width}}  {line[4:]}")
    if follow:
        for name, line in logs.follow(files):
            typer.echo(f"{name:<{width}}  {line}")
