"""Show the processes of the local system."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ramet.cli._local import FAILED, folder_here, name_of
from ramet.cli._summary import dashboard_link
from ramet.tools.local.folder import Folder

_PUBLIC = (
    "system",
    "placement",
    "gateway",
    "dashboard",
    "ready",
    "first_request_seconds",
    "memory_mb",
    "groups",
    "versions",
    "faults",
    "stopped",
    "processes",
)


def command(
    json: Annotated[bool, typer.Option("--json", help="For programs; see the reference.")] = False,
) -> int:
    """Show where the system serves and each process with its state; exit code 1 when it is down."""
    from ramet.tools.local.state import StateFile

    folder = folder_here()
    state_file = StateFile(folder)
    if state_file.running_supervisor() is None:
        if json:
            typer.echo('{"ready": false, "gateway": null, "dashboard": null, "processes": []}')
        else:
            typer.echo(f"{name_of(folder)} is not running; `ramet up` starts it")
        return FAILED
    state = state_file.read() or {}
    if json:
        import json as encoder

        typer.echo(encoder.dumps({name: state.get(name) for name in _PUBLIC}, indent=2))
    else:
        typer.echo(_table(state, folder))
    return 0


def _table(state: dict[str, Any], folder: Folder) -> str:
    rows = [("SERVICE", "ROLE", "PID", "STATE", "SINCE", "")]
    for process in state["processes"]:
        note = process["note"]
        if process["restarts"]:
            note = f"{process['restarts']} restarts{', ' + note if note else ''}"
        rows.append(
            (
                process["service"],
                process["role"],
                str(process["pid"] or "-"),
                process["state"],
                process["since"][:19].replace("T", " "),
                note,
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        f"{state['system']}, as {state['placement']}: {state['gateway']}"
        + (
            f", dashboard {dashboard_link(state['dashboard'], folder)}"
            if state["dashboard"]
            else ""
        ),
        "",
        *(
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in rows
        ),
    ]
    return "\n".join(lines)
