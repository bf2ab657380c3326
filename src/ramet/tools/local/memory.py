"""How much memory processes really use: shared pages count by their share, once in all."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import Path


def proportional_megabytes(pids: Iterable[int]) -> float:
    """The proportional set size of the processes and all their descendants, in MB (10^6 bytes).

    Linux only has PSS; elsewhere it is the sum of what each process alone uses.
    """
    import psutil

    total = 0
    seen: set[int] = set()
    for pid in pids:
        try:
            process = psutil.Process(pid)
            family = [process, *process.children(recursive=True)]
        except psutil.NoSuchProcess:
            continue
        for member in family:
            if member.pid not in seen:
                seen.add(member.pid)
                total += _bytes(member.pid)
    return round(total / 1_000_000, 1)


def _bytes(pid: int) -> int:
    if sys.platform == "linux":
        try:
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:  # ended meanwhile, or not ours to read
            return 0
        found = re.search(r"^Pss:\s+(\d+) kB", rollup, re.MULTILINE)
        return int(found[1]) * 1024 if found else 0
    import psutil

    try:
        return int(psutil.Process(pid).memory_full_info().uss)
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return 0
