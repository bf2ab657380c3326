"""The processes of the local system, as its supervisor tells of them, with what they take."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ramet.tools.dashboard import memory
from ramet.tools.dashboard.control import Control, SupervisorAway
from ramet.tools.dashboard.processor import Processor
from ramet.tools.dashboard.times import nanoseconds

__all__ = ["Ending", "Overview", "Row", "gone", "overview"]

_PROCESSOR = Processor()


@dataclass(frozen=True, slots=True)
class Ending:
    """Why an earlier process of the same name ended; `at` in nanoseconds since the epoch."""

    process: str
    at: int | None
    reason: str
    was_asked: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One process; `megabytes` and `processor` (of one) are None where nothing tells them."""

    service: str
    role: str
    name: str
    pid: int | None
    state: str
    note: str
    restarts: int
    since: datetime | None
    megabytes: float | None
    processor: float | None = None
    endings: tuple[Ending, ...] = ()

    @property
    def kind(self) -> str:
        """Of the badge that shows the state."""
        return {"running": "good", "failed": "bad", "stopped": ""}.get(self.state, "warn")


@dataclass(frozen=True, slots=True)
class Overview:
    """`gateway` is the system's public URL; `away` says why nothing else is known.

    `groups` has the services of each group, `versions` the version of the code of each that is
    Django's, `faults` the switches that are on, as the supervisor tells them.
    """

    gateway: str
    rows: list[Row]
    away: str = ""
    groups: dict[str, list[str]] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    faults: list[dict[str, Any]] = field(default_factory=list)

    @property
    def megabytes(self) -> float:
        """The sum of what is known."""
        return sum(row.megabytes or 0 for row in self.rows)

    @property
    def troubled(self) -> int:
        """How many processes are not running, though nobody has stopped them."""
        return sum(row.state not in ("running", "stopped") for row in self.rows)

    def group_of(self, service: str) -> str | None:
        """The group that a service is in; None for an engine, and for what is not here."""
        for group, members in self.groups.items():
            if service == group or service in members:
                return group
        return None

    def of(self, service: str) -> list[Row]:
        """The processes of a service's group, or of an engine."""
        group = self.group_of(service)
        name = service if group is None else "+".join(self.groups[group])
        return [row for row in self.rows if row.service == name]


def overview(control: Control) -> Overview:
    """What the supervisor says, with the memory and the processor time of each process."""
    try:
        status = control.ask("status")
    except SupervisorAway as error:
        return Overview(gateway="", rows=[], away=str(error))
    processes = [entry for entry in status.get("processes") or [] if isinstance(entry, dict)]
    pids = {entry["pid"] for entry in processes if isinstance(entry.get("pid"), int)}
    sizes, shares = memory.megabytes(pids), _PROCESSOR.shares(pids)
    return Overview(
        gateway=str(status.get("gateway") or ""),
        rows=[_row(entry, sizes, shares) for entry in processes],
        groups=dict(status.get("groups") or {}),
        versions=dict(status.get("versions") or {}),
        faults=list(status.get("faults") or []),
    )


def gone(control: Control) -> dict[str, str]:
    """By service, a sentence on a process of it that does not run; nothing without a supervisor."""
    try:
        status = control.ask("status")
    except SupervisorAway:
        return {}
    rows = [
        _row(entry, {}, {}) for entry in status.get("processes") or [] if isinstance(entry, dict)
    ]
    return {
        service: f"{row.name} is {row.state}" + (f": {row.note}" if row.note else "")
        for row in rows
        if row.state != "running"
        for service in row.service.split("+")
    }


def _row(entry: dict[str, Any], sizes: dict[int, float], shares: dict[int, float]) -> Row:
    service, role = str(entry.get("service", "")), str(entry.get("role", ""))
    name = str(entry.get("name") or f"{service}-{role}")
    pid = entry.get("pid") if isinstance(entry.get("pid"), int) else None
    return Row(
        service=service,
        role=role,
        name=name,
        pid=pid,
        state=str(entry.get("state", "")),
        note=str(entry.get("note") or ""),
        restarts=int(entry.get("restarts") or 0),
        since=_time(entry.get("since")),
        megabytes=None if pid is None else sizes.get(pid),
        processor=None if pid is None else shares.get(pid),
        endings=tuple(
            Ending(name, nanoseconds(each["at"]), each["reason"], each["was_asked"])
            for each in entry.get("endings") or []
        ),
    )


def _time(text: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
