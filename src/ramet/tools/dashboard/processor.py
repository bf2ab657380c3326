"""How much of a processor's time processes take, from one look to the next."""

from __future__ import annotations

import os
import time
from collections.abc import Collection
from pathlib import Path
from threading import Lock

from ramet.tools.dashboard.memory import family_of, parents

__all__ = ["Processor"]

_SHORTEST = 0.2  # seconds between two looks: a clock tick is 10 ms


class Processor:
    """Remembers the last look. Safe in any thread; Linux only, see proc_pid_stat(5)."""

    def __init__(self, proc: Path = Path("/proc")) -> None:
        self._proc = proc
        self._lock = Lock()
        self._at = 0.0
        self._ticks: dict[int, int] = {}
        self._shares: dict[int, float] = {}

    def shares(self, pids: Collection[int]) -> dict[int, float]:
        """The share of one processor of each process with its descendants since the last look.

        1.0 is one processor all the time. Nothing is known of a process at the first look.
        """
        with self._lock:
            now = time.monotonic()
            if now - self._at >= _SHORTEST:
                children = parents(self._proc)
                ticks = {
                    pid: sum(self._of(member) for member in family_of(pid, children, pids))
                    for pid in pids
                }
                whole = (now - self._at) * os.sysconf("SC_CLK_TCK")
                self._shares = {
                    pid: max(0, ticks[pid] - self._ticks[pid]) / whole
                    for pid in pids
                    if pid in self._ticks
                }
                self._at, self._ticks = now, ticks
            return dict(self._shares)

    def _of(self, pid: int) -> int:
        """Clock ticks in user and kernel mode; of one that has ended nothing."""
        try:
            stat = (self._proc / str(pid) / "stat").read_text(errors="replace")
        except OSError:
            return 0
        fields = stat.rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])
