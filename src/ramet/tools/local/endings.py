"""Why processes ended: what `ramet status` and the dashboard tell of a service's restarts."""

from __future__ import annotations

import re
import signal
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ramet.tools.local.running import described

_VMSTAT = Path("/proc/vmstat")


@dataclass(frozen=True, slots=True)
class Ending:
    """One process's end at `at` in UTC; `status` is its exit status, negative for a signal."""

    status: int
    was_asked: bool = False
    was_out_of_memory: bool = False
    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def reason(self) -> str:
        """In words."""
        if self.was_asked:
            return "restarted as asked"
        return described(self.status) + (
            ", when the machine was out of memory" if self.was_out_of_memory else ""
        )

    def as_json(self) -> dict[str, Any]:
        """For `status --json`; `at` in RFC 3339."""
        return {
            "at": self.at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "status": self.status,
            "reason": self.reason,
            "was_asked": self.was_asked,
            "was_out_of_memory": self.was_out_of_memory,
        }


class MemoryWatch:
    """Whether the kernel has ended processes for want of memory since this was made.

    Linux counts them for the whole machine, and tells no parent which they were: a process that was
    killed meanwhile was most likely one of them. Elsewhere nothing is known.
    """

    def __init__(self, vmstat: Path = _VMSTAT) -> None:
        self._vmstat = vmstat
        self._before = self._count()

    def has_killed(self, status: int) -> bool:
        """Whether a process that ended with `status` may have been ended so."""
        return status == -signal.SIGKILL and self._count() > self._before

    def _count(self) -> int:
        try:
            text = self._vmstat.read_text(encoding="ascii")
        except OSError:
            return 0
        found = re.search(r"^oom_kill (\d+)$", text, re.MULTILINE)
        return int(found[1]) if found else 0
