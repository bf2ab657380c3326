"""List the copies of other services' data, rebuild one, or compare them with their sources."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ramet.cli import _databases

COMMAND = "ramet_replicas"

app = typer.Typer(add_completion=False, rich_markup_mode=None, no_args_is_help=True)

Service = Annotated[
    str | None, typer.Option(help="Whose replicas; unset: those of every service that has some.")
]
Json = Annotated[bool, typer.Option("--json", help="For programs.")]


@app.command("list")
def show_list(service: Service = None, as_json: Json = False) -> int:
    """List the replicas, and how far each is built."""
    groups = _of(service)
    if as_json:
        return _databases.merged(COMMAND, groups, ["list", "--json"])
    return max(_databases.manage(COMMAND, group, ["list"]) for group in groups)


@app.command()
def rebuild(
    replica: Annotated[str, typer.Argument(help="Such as orders.Product.")],
    service: Service = None,
    no_wait: Annotated[bool, typer.Option("--no-wait", help="Do not wait for the end.")] = False,
    as_json: Json = False,
) -> int:
    """Have a worker copy a replica anew from its source; readers see the old one until then."""
    arguments = ["rebuild", replica, *["--no-wait"] * no_wait, *["--json"] * as_json]
    return _databases.first(COMMAND, _of(service), arguments)


@app.command()
def audit(
    replicas: Annotated[list[str] | None, typer.Argument(help="None: all of them.")] = None,
    service: Service = None,
    settle: Annotated[
        float, typer.Option(help="Seconds for which what differs may still be on its way.")
    ] = 3.0,
    as_json: Json = False,
) -> int:
    """Count the differences between replicas and their sources; exit code 1 if there are any."""
    arguments = ["audit", *(replicas or ()), f"--settle={settle}"]
    groups = _of(service)
    if replicas:
        return _databases.first(COMMAND, groups, [*arguments, *["--json"] * as_json])
    if as_json:
        return _databases.merged(COMMAND, groups, [*arguments, "--json"])
    return max(_databases.manage(COMMAND, group, arguments) for group in groups)


def _of(service: str | None) -> list[str]:
    return _databases.groups(service, _has_replicas)


def _has_replicas(folder: Path) -> bool:
    return any(
        "Replica" in file.read_text(encoding="utf-8", errors="replace")
        for file in (*folder.glob("*.py"), *folder.glob("models/*.py"))
    )
