"""The processes of the local system, as its supervisor tells of them, with their memory."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ramet.tools.dashboard import memory
from ramet.tools.dashboard.control import Control, SupervisorAway

__all__ = ["Overview", "Row", "gone", "overview"]


@dataclass(frozen=True, slots=True)
class Row:
    """One process; `megabytes` is None where it does not run or the system does not tell."""

    service: str
    role: str
    name: str
    pid: int | None
    state: str
    note: str
    restarts: int
    since: datetime | None
    megabytes: float | None


@dataclass(frozen=True, slots=True)
class Overview:
    """`gateway` is the system's public URL; `away` says why nothing else is known."""

    gateway: str
    rows: list[Row]
    away: str = ""

    @property
    def megabytes(self) -> float:
        """The sum of what is known."""
        return sum(row.megabytes or 0 for row in self.rows)

    @property
    def troubled(self) -> int:
        """How many processes are not running."""
        return sum(row.state != "running" for row in self.rows)


def overview(control: Control) -> Overview:
    """What the supervisor says, with the memory of each process."""
    try:
        status = control.ask("status")
    except SupervisorAway as error:
        return Overview(gateway="", rows=[], away=str(error))
    processes = [entry for entry in status.get("processes") or [] if isinstance(entry, dict)]
    sizes = memory.megabytes(
        {entry["pid"] for entry in processes if isinstance(entry.get("pid"), int)}
    )
    return Overview(
        gateway=str(status.get("gateway") or ""),
        rows=[_row(entry, sizes) for entry in processes],
    )


def gone(control: Control) -> dict[str, str]:
    """By service, a sentence on a process of it that does not run; nothing without a supervisor."""
    try:
        status = control.ask("status")
    except SupervisorAway:
        return {}
    rows = [_row(entry, {}) for entry in status.get("processes") or [] if isinstance(entry, dict)]
    return {
        service: f"{row.name} is {row.state}" + (f": {row.note}" if row.note else "")
        for row in rows
        if row.state != "running"
        for service in row.service.split("+")
    }


def _row(entry: dict[str, Any], sizes: dict[int, float]) -> Row:
    service, role = str(entry.get("service", "")), str(entry.get("role", ""))
    name = str(entry.get("name") or f"{service}-{role}")
    pid = entry.get("pid")
    return Row(
        service=service,
        role=role,
        name=name,
        pid=pid if isinstance(pid, int) else None,
        state=str(entry.get("state", "")),
        note=str(entry.get("note") or ""),
        restarts=int(entry.get("restarts") or 0),
        since=_time(entry.get("since")),
        megabytes=sizes.get(pid) if isinstance(pid, int) else None,
    )


def _time(text: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
