"""How much memory processes use, their shared pages counted by their share."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator
from pathlib import Path

__all__ = ["family_of", "megabytes", "parents"]

_PSS = re.compile(r"^Pss:\s+(\d+) kB", re.MULTILINE)


def megabytes(pids: Collection[int], proc: Path = Path("/proc")) -> dict[int, float]:
    """The proportional set size of each process with its descendants, in MB (10^6 bytes).

    A descendant that is itself among `pids` counts for itself only, so that the figures add up.
    Processes for which the system tells nothing are missing. Linux only, see proc_pid_smaps(5):
    processes forked from one share most of their memory, and their resident sizes would add up to
    a multiple of what they take.
    """
    children = parents(proc)
    sizes = {
        pid: [_bytes(member, proc) for member in family_of(pid, children, pids)] for pid in pids
    }
    return {
        pid: sum(size for size in found if size is not None) / 1_000_000
        for pid, found in sizes.items()
        if found[0] is not None
    }


def family_of(pid: int, children: dict[int, list[int]], others: Collection[int]) -> Iterator[int]:
    """A process and its descendants, but for those of `others`; `children` is from `parents`."""
    yield pid
    for child in children.get(pid, ()):
        if child not in others:
            yield from family_of(child, children, others)


def parents(proc: Path) -> dict[int, list[int]]:
    """Every process's children, read once for all: `/proc` knows only parents."""
    children = defaultdict(list)
    for stat in proc.glob("[0-9]*/stat"):
        try:
            # The name in parentheses may contain anything; the parent is the 2nd field after it.
            parent = stat.read_text(errors="replace").rpartition(")")[2].split()[1]
        except (OSError, IndexError):  # ended meanwhile
            continue
        children[int(parent)].append(int(stat.parent.name))
    return children


def _bytes(pid: int, proc: Path) -> int | None:
    try:
        rollup = (proc / str(pid) / "smaps_rollup").read_text()
    except OSError:  # another system, ended meanwhile, or another user's
        return None
    found = _PSS.search(rollup)
    return int(found[1]) * 1024 if found else None
