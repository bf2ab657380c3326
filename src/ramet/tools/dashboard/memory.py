"""How much memory a process uses, its shared pages counted by their share."""

from __future__ import annotations

import re
from pathlib import Path

__all__ = ["megabytes"]

_PSS = re.compile(r"^Pss:\s+(\d+) kB", re.MULTILINE)


def megabytes(pid: int, proc: Path = Path("/proc")) -> float | None:
    """The proportional set size in MB (10^6 bytes); None where the system does not tell it.

    Linux only, see proc_pid_smaps(5). Processes that were forked from one share most of their
    memory: their resident sizes would add up to a multiple of what they take.
    """
    try:
        rollup = (proc / str(pid) / "smaps_rollup").read_text()
    except OSError:  # another system, ended meanwhile, or another user's
        return None
    found = _PSS.search(rollup)
    return int(found[1]) * 1024 / 1_000_000 if found else None
