"""List the copies of other services' data, rebuild one, or compare them with their sources."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from subprocess import PIPE
from typing import Annotated

from ramet.cli import _databases
from ramet.cli._local import manage_as
from ramet.cli._parameters import Argument, Commands, Option

COMMAND = "ramet_replicas"

app = Commands()

Service = Annotated[
    str | None, Option(help="Whose replicas; unset: those of every service that has some.")
]
Json = Annotated[bool, Option("--json", help="For programs.")]


@app.command("list")
def show_list(service: Service = None, as_json: Json = False) -> int:
    """List the replicas, and how far each is built."""
    groups = _of(service)
    if as_json:
        return _databases.merged(COMMAND, groups, ["list", "--json"])
    return max(_databases.manage(COMMAND, group, ["list"]) for group in groups)


@app.command()
def rebuild(
    replica: Annotated[str, Argument(help="Such as orders.Product.")],
    service: Service = None,
    no_wait: Annotated[bool, Option(help="Do not wait for the end.")] = False,
    as_json: Json = False,
) -> int:
    """Have a worker copy a replica anew from its source; readers see the old one until then."""
    arguments = ["rebuild", replica, *["--no-wait"] * no_wait, *["--json"] * as_json]
    return _databases.first(COMMAND, _of(service), arguments)


@app.command()
def audit(
    replicas: Annotated[list[str] | None, Argument(help="None: all of them.")] = None,
    service: Service = None,
    settle: Annotated[
        float, Option(help="Seconds for which what differs may still be on its way.")
    ] = 3.0,
    as_json: Json = False,
) -> int:
    """Count the differences between replicas and their sources; exit code 1 if there are any.

    Exit code 2 if one could not be compared, because its source does not answer.
    """
    options = [f"--settle={settle}"]
    groups = _of(service)
    if replicas and as_json:
        return _named_as_json(groups, replicas, options)
    if replicas:  # each by itself: they may be in different services
        asked = [["audit", replica, *options] for replica in replicas]
        return max(_databases.first(COMMAND, groups, arguments) for arguments in asked)
    if as_json:
        return _databases.merged(COMMAND, groups, ["audit", *options, "--json"])
    return max(_databases.manage(COMMAND, group, ["audit", *options]) for group in groups)


def _named_as_json(groups: list[str], replicas: list[str], options: list[str]) -> int:
    """Print one JSON list of what is told of each, from the first service that has it."""
    told, worst = [], 0
    for replica in replicas:
        for group in groups:
            arguments = ["audit", replica, *options, "--json"]
            done = manage_as(group, COMMAND, *arguments, stdout=PIPE, stderr=PIPE)
            if done.returncode != _databases.NOT_HERE:
                break
        print(done.stderr, file=sys.stderr, end="")
        worst = max(worst, 1 if done.returncode == _databases.NOT_HERE else done.returncode)
        told += [{"service": group, **each} for each in json.loads(done.stdout or "[]")]
    print(json.dumps(told, indent=2, ensure_ascii=False))
    return worst


def _of(service: str | None) -> list[str]:
    return _databases.groups(service, _has_replicas)


def _has_replicas(folder: Path) -> bool:
    return any(
        "Replica" in file.read_text(encoding="utf-8", errors="replace")
        for file in (*folder.glob("*.py"), *folder.glob("models/*.py"))
    )
