"""What the code declares of the system: its services and who may call whom, read from the source.

The project's code is read, never run. It may be in the middle of an edit: then what was read last
stays, and there is nothing before the first reading that succeeded.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from ramet.errors import DiagnosticError
from ramet.system import Policy, System, load, policy
from ramet.system.imports import imports

__all__ = ["Flows", "Project"]


_SECONDS_BETWEEN_LOOKS = 3.0


@dataclass(frozen=True, slots=True)
class Flows:
    """Pairs of services, each with the `path:line` that shows it.

    `calls`: who may call whom. `events`: from a publisher to a service that imports its events.
    `apps` says which service each app is of: an event's type begins with the app's name.
    """

    calls: Mapping[tuple[str, str], str] = field(default_factory=dict)
    events: Mapping[tuple[str, str], str] = field(default_factory=dict)
    policy: Policy = Policy()  # noqa: RUF009 - frozen
    """The rights that the calls follow from, contract by contract."""
    apps: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, system: System) -> Flows:
        """Read from the source of `system`."""
        calls: dict[tuple[str, str], str] = {}
        rights = policy(system)
        for grant in sorted(rights.grants, key=lambda grant: grant.where):
            calls.setdefault((grant.caller, grant.callee), grant.where)
        for service in system.services.values():
            if service.routes:
                where = f"{system.path.name}, routes of {service.name}"
                calls.setdefault(("gateway", service.name), where)
        events: dict[tuple[str, str], str] = {}
        for one in imports(system):
            app = system.app_of_module(one.target) or ""
            kind = one.target.removeprefix(f"{app}.").partition(".")[0]
            if kind == "events" and one.owner != one.importer:
                events.setdefault((one.owner, one.importer), one.where)
        apps = {app: service.name for service in system.services.values() for app in service.apps}
        return cls(calls, events, rights, apps)

    def publisher(self, event: str) -> str | None:
        """The service that declares an event type, such as `shop.orders.OrderPlaced.v1`."""
        while event:
            event = event.rpartition(".")[0]
            if event in self.apps:
                return self.apps[event]
        return None


class Project:
    """The folder of a ramet.toml; without one it knows of nothing. Safe in any thread."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._lock = Lock()
        self._system: System | None = None
        self._flows = Flows()
        self._seen: object = None
        self._look_again = 0.0

    @classmethod
    def beside(cls, state: Path) -> Project:
        """The project that has `state` as its `.ramet`."""
        file = state.resolve().parent / "ramet.toml"
        return cls(file if file.is_file() else None)

    @property
    def name(self) -> str:
        """The system's name, or "telemetry" where there is none."""
        system = self.system
        return system.name if system else "telemetry"

    @property
    def services(self) -> tuple[str, ...]:
        """Names in the order of the file."""
        system = self.system
        return tuple(system.services) if system else ()

    @property
    def root(self) -> str:
        """The project's folder, with a slash at its end; "" where there is none."""
        return f"{self._file.parent}/" if self._file else ""

    @property
    def system(self) -> System | None:
        """As of ramet.toml now, or as it last was valid."""
        self._read()
        return self._system

    @property
    def flows(self) -> Flows:
        """What may flow between services, as the code is now."""
        self._read()
        return self._flows

    def _read(self) -> None:
        """Read again what changed since it was last read."""
        if self._file is None:
            return
        with self._lock:
            if time.monotonic() < self._look_again:
                return
            self._look_again = time.monotonic() + _SECONDS_BETWEEN_LOOKS
            seen = _newest(self._file)
            if seen == self._seen:
                return
            try:
                system = load(self._file)
                self._flows = Flows.of(system)
                self._system = system
            except (DiagnosticError, OSError, SyntaxError):
                pass  # being edited: `ramet check` tells what is wrong with it
            self._seen = seen


def _newest(file: Path) -> tuple[int, int]:
    """Changes whenever a file does that rights are read from."""
    times = [_modified(file)]
    for folder, folders, names in os.walk(file.parent):
        folders[:] = [name for name in folders if name[0] != "." and name != "node_modules"]
        times += [_modified(Path(folder, name)) for name in names if name.endswith(".py")]
    return len(times), max(times)


def _modified(file: Path) -> int:
    try:
        return file.stat().st_mtime_ns
    except OSError:  # saved by way of another file at this moment
        return 0
