"""Asking the databases of a running system through a management command of Ramet's, one by one.

What a command looks for (a saga's run, a replica) is in the database of some service; which one,
the person need not know.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from ramet.cli._local import here, manage_as, running

NOT_HERE = 3
"""What a management command exits with when its database has not got what is named."""


def groups(service: str | None, has_any: Callable[[Path], bool]) -> list[str]:
    """A service of each group with an app in whose folder `has_any` finds what is looked for; the
    one that was named; the first group's where there is none."""
    if service is not None:
        return [service]
    system, folder = here()
    found: dict[str, list[str]] = running(folder)["groups"]

    def has(member: str) -> bool:
        declared = system.services.get(member)
        apps = declared.apps if declared else ()
        return any(has_any(system.root / app.replace(".", "/")) for app in apps)

    having = [members[0] for members in found.values() if any(map(has, members))]
    return having or [members[0] for members in found.values()][:1]


def first(command: str, services: list[str], arguments: list[str]) -> int:
    """Ask one after the other until one has what is named; the exit code."""
    for service in services[:-1]:
        code = manage(command, service, arguments, is_last=False)
        if code != NOT_HERE:
            return code
    code = manage(command, services[-1], arguments)
    return 1 if code == NOT_HERE else code


def manage(command: str, service: str, arguments: list[str], *, is_last: bool = True) -> int:
    """Run the management command as `service`; "not here" is told only by the last one asked."""
    done = manage_as(service, command, *arguments, stderr=None if is_last else subprocess.PIPE)
    if done.stderr and done.returncode != NOT_HERE:
        print(done.stderr, file=sys.stderr, end="")
    return done.returncode


def merged(command: str, services: list[str], arguments: list[str]) -> int:
    """Print one JSON list of what all say, each entry with its service; the worst exit code."""
    told, worst = [], 0
    for service in services:
        done = manage_as(service, command, *arguments, stdout=subprocess.PIPE)
        if not done.stdout:
            return done.returncode or 1
        worst = max(worst, done.returncode)
        told += [{"service": service, **each} for each in json.loads(done.stdout)]
    print(json.dumps(told, indent=2, ensure_ascii=False))
    return worst
