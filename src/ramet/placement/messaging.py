"""Which services announce events and which listen: read from the source, nothing is run.

What a broker's user may do for a service follows from it. The reading errs on the side of yes: a
service without a right that it needs would stand still, one with a right too many has it only to
subjects and queues of its own name.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ramet.placement.installed import source
from ramet.system import Service, System
from ramet.system.imports import uses

__all__ = ["Messaging", "messaging"]

# `@ramet.subscribe(...)`, also of an event of the service's own, and `class X(ramet.Replica)`.
_LISTENS = re.compile(rb"\b(subscribe|Replica)\b")


@dataclass(frozen=True, slots=True)
class Messaging:
    """The names of the services that publish events of their own, and of those that get any."""

    publishers: frozenset[str]
    subscribers: frozenset[str]


def messaging(system: System) -> Messaging:
    """What the code shows, as it is now."""
    importing = {
        name
        for name, used in uses(system).items()
        if any("events" in kinds for kinds in used.values())
    }
    return Messaging(
        publishers=frozenset(
            service.name
            for service in system.services.values()
            if any(_is_events_module(path) for path in _files(service, system.root))
        ),
        subscribers=frozenset(importing)
        | frozenset(
            service.name
            for service in system.services.values()
            if any(_LISTENS.search(path.read_bytes()) for path in _files(service, system.root))
        ),
    )


def _is_events_module(path: Path) -> bool:
    return "events" in (path.stem, path.parent.name)


def _files(service: Service, root: Path) -> Iterator[Path]:
    for app in service.apps:
        file = source(app, root)
        if file is not None and file.name == "__init__.py":
            yield from sorted(file.parent.rglob("*.py"))
        elif file is not None:
            yield file
