"""List the copies of other services' data, rebuild one, or compare them with their sources."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Annotated

import typer

from ramet.cli._local import here, manage_as, running
from ramet.system import System

NOT_HERE = 3
"""What `manage.py ramet_replicas` exits with when another service has the replica."""

app = typer.Typer(add_completion=False, rich_markup_mode=None, no_args_is_help=True)

Service = Annotated[
    str | None, typer.Option(help="Whose replicas; unset: those of every service that has some.")
]
Json = Annotated[bool, typer.Option("--json", help="For programs.")]


@app.command("list")
def show_list(service: Service = None, as_json: Json = False) -> int:
    """List the replicas, and how far each is built."""
    groups = _groups(service)
    if as_json:
        return _merged(groups, ["list", "--json"])
    return max(_manage(group, ["list"]) for group in groups)


@app.command()
def rebuild(
    replica: Annotated[str, typer.Argument(help="Such as orders.Product.")],
    service: Service = None,
    no_wait: Annotated[bool, typer.Option("--no-wait", help="Do not wait for the end.")] = False,
    as_json: Json = False,
) -> int:
    """Have a worker copy a replica anew from its source; readers see the old one until then."""
    arguments = ["rebuild", replica, *["--no-wait"] * no_wait, *["--json"] * as_json]
    return _first(_groups(service), arguments)


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
    groups = _groups(service)
    if replicas:
        return _first(groups, [*arguments, *["--json"] * as_json])
    if as_json:
        return _merged(groups, [*arguments, "--json"])
    return max(_manage(group, arguments) for group in groups)


def _first(groups: list[str], arguments: list[str]) -> int:
    """Ask one service after the other until one has what is named."""
    for group in groups[:-1]:
        code = _manage(group, arguments, is_last=False)
        if code != NOT_HERE:
            return code
    code = _manage(groups[-1], arguments)
    return 1 if code == NOT_HERE else code


def _groups(service: str | None) -> list[str]:
    """A service of each group whose source has replicas, or the one that was named."""
    if service is not None:
        return [service]
    system, folder = here()
    groups: dict[str, list[str]] = running(folder)["groups"]
    having = [
        members[0]
        for members in groups.values()
        if any(_has_replicas(system, member) for member in members)
    ]
    return having or [members[0] for members in groups.values()][:1]


def _has_replicas(system: System, service: str) -> bool:
    declared = system.services.get(service)
    for app_name in declared.apps if declared else ():
        folder = system.root / app_name.replace(".", "/")
        for file in (*folder.glob("*.py"), *folder.glob("models/*.py")):
            if "Replica" in file.read_text(encoding="utf-8", errors="replace"):
                return True
    return False


def _manage(service: str, arguments: list[str], *, is_last: bool = True) -> int:
    """Run `manage.py ramet_replicas` as `service`; "not here" is told only by the last asked."""
    done = manage_as(
        service, "ramet_replicas", *arguments, stderr=None if is_last else subprocess.PIPE
    )
    if done.stderr and done.returncode != NOT_HERE:
        print(done.stderr, file=sys.stderr, end="")
    return done.returncode


def _merged(groups: list[str], arguments: list[str]) -> int:
    """One JSON list of what all groups say, each with a service of its group; the worst code."""
    told, worst = [], 0
    for group in groups:
        done = manage_as(group, "ramet_replicas", *arguments, stdout=subprocess.PIPE)
        if not done.stdout:
            return done.returncode or 1
        worst = max(worst, done.returncode)
        told += [{"service": group, **each} for each in json.loads(done.stdout)]
    print(json.dumps(told, indent=2, ensure_ascii=False))
    return worst
