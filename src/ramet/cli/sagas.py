"""Show the runs of sagas, resume one that needs a person, or have one turn back."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Annotated

import typer

from ramet.cli._local import here, manage_as, running
from ramet.system import System

NOT_HERE = 3
"""What `manage.py ramet_sagas` exits with when the run is in another database."""

app = typer.Typer(add_completion=False, rich_markup_mode=None, no_args_is_help=True)

Service = Annotated[
    str | None, typer.Option(help="Whose runs; unset: those of every service that has sagas.")
]
Json = Annotated[bool, typer.Option("--json", help="For programs.")]


@app.command("list")
def show_list(
    service: Service = None,
    everything: Annotated[bool, typer.Option("--all", help="Also runs that have ended.")] = False,
    status: Annotated[
        str | None,
        typer.Option(
            help="running, compensating, stuck (needs a person), completed or compensated."
        ),
    ] = None,
    saga: Annotated[str, typer.Option(help="Part of the saga's name.")] = "",
    limit: Annotated[int, typer.Option(help="At most so many.")] = 50,
    as_json: Json = False,
) -> int:
    """List the runs that have not ended, oldest first."""
    arguments = ["list", f"--limit={limit}", f"--saga={saga}"]
    arguments += ["--all"] * everything + [f"--status={status}"] * bool(status)
    groups = _groups(service)
    if as_json:
        return _merged(groups, [*arguments, "--json"])
    return max(_manage(group, arguments) for group in groups)


@app.command()
def lag(service: Service = None, as_json: Json = False) -> int:
    """Count the runs of each saga by where they stand, and tell how old the oldest is."""
    groups = _groups(service)
    if as_json:
        return _merged(groups, ["lag", "--json"])
    return max(_manage(group, ["lag"]) for group in groups)


@app.command()
def show(run: str, service: Service = None, as_json: Json = False) -> int:
    """Show one run with its state and what it did."""
    return _first(service, ["show", run, *["--json"] * as_json])


@app.command()
def resume(run: str, service: Service = None, as_json: Json = False) -> int:
    """Try the present step of a run again now, once its cause is repaired."""
    return _first(service, ["resume", run, *["--json"] * as_json])


@app.command()
def compensate(
    run: str,
    service: Service = None,
    why: Annotated[str, typer.Option(help="Kept with the run.")] = "asked for by an operator",
    as_json: Json = False,
) -> int:
    """Have a run turn back that has not passed its pivot."""
    return _first(service, ["compensate", run, "--why", why, *["--json"] * as_json])


def _first(service: str | None, arguments: list[str]) -> int:
    """Ask one database after the other until one has the run."""
    groups = _groups(service)
    for group in groups[:-1]:
        code = _manage(group, arguments, is_last=False)
        if code != NOT_HERE:
            return code
    code = _manage(groups[-1], arguments)
    return 1 if code == NOT_HERE else code


def _groups(service: str | None) -> list[str]:
    """A service of each group whose source has sagas, or the one that was named."""
    if service is not None:
        return [service]
    system, folder = here()
    groups: dict[str, list[str]] = running(folder)["groups"]
    having = [
        members[0]
        for members in groups.values()
        if any(_has_sagas(system, member) for member in members)
    ]
    return having or [members[0] for members in groups.values()][:1]


def _has_sagas(system: System, service: str) -> bool:
    declared = system.services.get(service)
    folders = [system.root / app.replace(".", "/") for app in (declared.apps if declared else ())]
    return any((folder / "sagas.py").exists() or (folder / "sagas").is_dir() for folder in folders)


def _manage(service: str, arguments: list[str], *, is_last: bool = True) -> int:
    """Run `manage.py ramet_sagas` as `service`; "not here" is told only by the last one asked."""
    done = manage_as(
        service, "ramet_sagas", *arguments, stderr=None if is_last else subprocess.PIPE
    )
    if done.stderr and done.returncode != NOT_HERE:
        print(done.stderr, file=sys.stderr, end="")
    return done.returncode


def _merged(groups: list[str], arguments: list[str]) -> int:
    """One JSON list of the runs of all groups, each with a service of its group."""
    runs = []
    for group in groups:
        done = manage_as(group, "ramet_sagas", *arguments, stdout=subprocess.PIPE)
        if done.returncode:
            return done.returncode
        runs += [{"service": group, **run} for run in json.loads(done.stdout)]
    print(json.dumps(runs, indent=2, ensure_ascii=False))
    return 0
