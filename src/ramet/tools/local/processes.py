"""Processes as the supervisor records them, and whether a recorded one still runs."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from ramet.tools.local.endings import Ending

KEPT_ENDINGS = 10

State = Literal["starting", "running", "restarting", "failed", "stopping", "stopped"]


@dataclass(slots=True)
class Process:
    """One line of `ramet status`.

    `service` is the service (several of a group joined with "+") or the engine's name, `role` one
    of web, worker, celery, gateway, postgres, broker, ratelimit, dashboard. `name` is unique, and
    names the log file. `since` is when `state` began, in UTC. `note` says why it is not "running".
    """

    service: str
    role: str
    name: str
    pid: int | None = None
    state: State = "starting"
    since: datetime = field(default_factory=lambda: datetime.now(UTC))
    restarts: int = 0
    note: str = ""
    started_at: datetime | None = None
    """When the process with this pid was started, in UTC; None where none runs."""
    endings: deque[Ending] = field(default_factory=lambda: deque(maxlen=KEPT_ENDINGS))
    """The last of those before it, oldest first."""

    def become(self, state: State, *, pid: int | None = None, note: str = "") -> None:
        """Enter `state` now; `pid` None means that no process runs."""
        if state != self.state or pid != self.pid:
            self.since = datetime.now(UTC)
        if pid != self.pid:
            self.started_at = None if pid is None else self.since
        self.state, self.pid, self.note = state, pid, note

    def as_json(self) -> dict[str, Any]:
        """For `status --json` and the dashboard; times in RFC 3339."""
        return {
            "service": self.service,
            "role": self.role,
            "name": self.name,
            "pid": self.pid,
            "state": self.state,
            "since": _rfc3339(self.since),
            "started_at": self.started_at and _rfc3339(self.started_at),
            "restarts": self.restarts,
            "endings": [ending.as_json() for ending in self.endings],
            "note": self.note,
        }


def _rfc3339(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def started(pid: int) -> str | None:
    """A mark of the moment when process `pid` began: with the pid, it names one process for ever.

    None when there is no such process (or it is a zombie).
    """
    if sys.platform == "linux":
        try:
            # proc_pid_stat(5): the name in parentheses may contain anything; 20th field after it.
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            return None
        return None if fields[0] in "ZX" else fields[19]
    import psutil

    try:
        return str(psutil.Process(pid).create_time())
    except psutil.NoSuchProcess:
        return None


def end(recorded: Iterable[tuple[int, str]], *, timeout: float = 5.0) -> list[int]:
    """End the recorded processes (pid, `started`) that still run; returns the pids that did.

    SIGTERM first, SIGKILL after `timeout` seconds. A pid that meanwhile belongs to another process
    is left alone.
    """
    alive = [(pid, mark) for pid, mark in recorded if started(pid) == mark]
    for pid, mark in alive:
        _signal(pid, mark, signal.SIGTERM)
    deadline = time.monotonic() + timeout
    while any(started(pid) == mark for pid, mark in alive) and time.monotonic() < deadline:
        time.sleep(0.02)
    for pid, mark in alive:
        _signal(pid, mark, signal.SIGKILL)
    while any(started(pid) == mark for pid, mark in alive) and time.monotonic() < deadline + 2:
        time.sleep(0.02)
    return [pid for pid, _ in alive]


def _signal(pid: int, mark: str, number: signal.Signals) -> None:
    if started(pid) == mark:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return
