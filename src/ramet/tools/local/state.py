"""`state.json`: what runs, for other commands, tests, and for cleaning up after a kill -9."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from ramet.tools.local import processes
from ramet.tools.local.files import write_private
from ramet.tools.local.folder import Folder


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
