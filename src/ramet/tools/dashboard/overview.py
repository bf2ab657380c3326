"""Everything that the first page shows, collected in one moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ramet.tools.dashboard import logs, memory
from ramet.tools.dashboard.control import SupervisorAway, ask
from ramet.tools.dashboard.settings import Settings

__all__ = ["Overview", "Row", "age", "overview"]

_LOG_LINES = 12


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
    log: list[str]


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


def overview(settings: Settings) -> Overview:
    """What the supervisor says, with memory and the last log lines of each process."""
    try:
        status = ask(settings.control, "status")
    except SupervisorAway as error:
        return Overview(gateway="", rows=[], away=str(error))
    processes = [entry for entry in status.get("processes") or [] if isinstance(entry, dict)]
    sizes = memory.megabytes(
        {entry["pid"] for entry in processes if isinstance(entry.get("pid"), int)}
    )
    return Overview(
        gateway=str(status.get("gateway") or ""),
        rows=[_row(entry, settings, sizes) for entry in processes],
    )


def age(since: datetime | None, now: datetime) -> str:
    """How long ago, in the largest fitting unit: "12 s", "5 min", "3 h", "2 d"; "" for None."""
    if since is None:
        return ""
    seconds = max(0, int((now - since).total_seconds()))
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def _row(entry: dict[str, Any], settings: Settings, sizes: dict[int, float]) -> Row:
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
        log=logs.last_lines(settings.logs, name, _LOG_LINES),
    )


def _time(text: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
