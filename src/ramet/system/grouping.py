"""Placement: which services share a process. A text that a person types, read into groups."""

import difflib
import hashlib
from dataclasses import dataclass

from ramet.errors import DiagnosticError, Mistake
from ramet.system.model import System

__all__ = ["Group", "placement"]

_LONGEST_NAME = 48


@dataclass(frozen=True, slots=True)
class Group:
    """Services that share their processes and their database, in the order of `ramet.toml`.

    `name` is the service's name when it is alone, "monolith" for all of several, else the names
    joined with "+", which no service's name contains. It becomes part of file names, of cookies
    and, with other characters, of databases; so a long one is cut to 48 characters at most: the
    first service and, after the "+", a digest of all.
    """

    services: tuple[str, ...]
    name: str


def placement(system: System, text: str) -> tuple[Group, ...]:
    """The groups of a placement, in the order of `ramet.toml`; every service is in exactly one.

    `text` is "services" (one each), "monolith" (all together), or groups separated by commas whose
    services are joined with plus signs, such as "orders+payments,users"; services that are not
    named run alone. A service that is not Django always runs alone: it has no process to share.
    Raises DiagnosticError with every mistake of the text.
    """
    django = tuple(name for name, service in system.services.items() if service.is_django)
    if text.strip() == "monolith":
        named = [list(django)]
    elif text.strip() == "services":
        named = []
    else:
        named = [[name.strip() for name in part.split("+")] for part in text.split(",")]
        _refuse_mistakes(system, text, named)
    order = list(system.services)
    taken = {name for group in named for name in group}
    groups = [*named, *([name] for name in order if name not in taken)]
    sorted_groups = [sorted(group, key=order.index) for group in groups if group]
    sorted_groups.sort(key=lambda group: order.index(group[0]))
    return tuple(Group(tuple(group), _name(tuple(group), django)) for group in sorted_groups)


def _name(services: tuple[str, ...], django: tuple[str, ...]) -> str:
    if len(services) == 1:
        return services[0]
    if services == django:
        return "monolith"
    name = "+".join(services)
    if len(name) <= _LONGEST_NAME:
        return name
    # A Unix socket's path has room for 107 bytes.
    return f"{services[0][: _LONGEST_NAME - 9]}+{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def _refuse_mistakes(system: System, text: str, named: list[list[str]]) -> None:
    mistakes: list[Mistake] = []
    seen: set[str] = set()
    for group in named:
        for name in group:
            if name not in system.services:
                close = difflib.get_close_matches(name, system.services, n=1)
                mistakes.append(
                    Mistake(
                        "unknown-service",
                        where=f'placement "{text}"',
                        found=f'"{name}"',
                        expected=f"services, monolith, or one of {', '.join(system.services)}",
                        remedy=f'Did you mean "{close[0]}"?'
                        if close
                        else "Name services as ramet.toml declares them.",
                    )
                )
                continue
            if name in seen:
                mistakes.append(
                    Mistake(
                        "placed-twice",
                        where=f'placement "{text}"',
                        found=f'"{name}" more than once',
                        expected="each service in one group",
                        remedy=f'Remove all but one "{name}".',
                    )
                )
            if len(group) > 1 and not system.services[name].is_django:
                mistakes.append(
                    Mistake(
                        "cannot-share-process",
                        where=f'placement "{text}"',
                        found=f'"{name}", which is started by its own command',
                        expected="only Django services joined with a plus sign",
                        remedy=f'Take "{name}" out of its group: it runs alone.',
                    )
                )
            seen.add(name)
    if mistakes:
        raise DiagnosticError(*mistakes)
