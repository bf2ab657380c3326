"""`state.json`: what runs, for other commands, tests, and for cleaning up after a kill -9."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ramet.tools.local import processes
from ramet.tools.local.files import write_private
from ramet.tools.local.folder import Folder
from ramet.tools.local.keeper import Report

_BURST_SECONDS = 0.02
_AGAIN_SECONDS = 1.0


@dataclass(slots=True)
class StateFile:
    """Reads and writes a folder's `state.json`."""

    folder: Folder
    _last: str = field(default="")

    def write(self, state: dict[str, Any]) -> None:
        """Replace the file if `state` differs from what was written last."""
        text = json.dumps(state, indent=1)
        if text != self._last:
            write_private(self.folder.state, text)
            self._last = text

    async def keep(
        self, changed: asyncio.Event, now: Callable[[], dict[str, Any]], report: Report
    ) -> None:
        """Write what `now` gives soon after each change, for ever: a burst of changes is one write.

        On a full disk what runs goes on, and is written down once there is room.
        """
        told = ""
        while True:
            await changed.wait()
            changed.clear()
            try:
                self.write(now())
                told = ""
            except OSError as error:
                if str(error) != told:
                    report(f"{self.folder.state} cannot be written: {error}")
                told = str(error)
                changed.set()
                await asyncio.sleep(_AGAIN_SECONDS)
            await asyncio.sleep(_BURST_SECONDS)

    def read(self) -> dict[str, Any] | None:
        """The last state; None when there is none (or a crash left half of a file: same thing)."""
        try:
            state = json.loads(self.folder.state.read_text(encoding="utf-8"))
        except (FileNotFoundError, json.JSONDecodeError):
            return None
        return state if isinstance(state, dict) else None

    def running_supervisor(self) -> int | None:
        """The pid of the supervisor that runs this system now; None when it is down."""
        supervisor = (self.read() or {}).get("supervisor") or {}
        pid, mark = supervisor.get("pid"), supervisor.get("started")
        return pid if isinstance(pid, int) and processes.started(pid) == mark else None

    def end_leftovers(self) -> list[int]:
        """End what a killed supervisor left, remove its sockets and its state; returns the pids.

        Call it only when `running_supervisor` is None.
        """
        state = self.read()
        ended: list[int] = []
        if state is not None:
            recorded = [
                (entry["pid"], entry["started"]) for entry in state.get("system_processes", [])
            ]
            ended = processes.end(recorded)
        self.folder.clear_run()
        self.folder.state.unlink(missing_ok=True)
        return ended
