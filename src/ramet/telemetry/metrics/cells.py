"""The numbers of one process: an array of doubles, in a file that its siblings map as well.

To count is to add to a double in shared memory: no lock between processes, no message, nothing to
flush, and what a killed process had counted is still there. prometheus_client does it so, too, with
a search for the place and `struct` at each observation; here a series keeps its place.

`<name>.cells` has the numbers, `<name>.series` a line of JSON for what they mean: first the
process, then each series. The process holds a lock (flock) on its numbers as long as it lives,
which says more than a process id: those come again, and containers that share a folder each count
their own.
"""

from __future__ import annotations

import errno
import fcntl
import mmap
import os
import secrets
import time
from collections.abc import Sequence
from pathlib import Path

from msgspec import json

from ramet.telemetry.metrics.declaring import Declaration

__all__ = ["Cells", "width"]

SIZE = 2 * 1024 * 1024
"""Bytes of a process's numbers: some 13,000 series. The file is sparse; what is unused costs
nothing."""

STEP = 64 * 1024
"""Bytes for which room on the disk is made at a time. To write into a hole of a mapped file, where
there is no room for it, would end the process (SIGBUS)."""

SPARE = 128
"""Cells at the end: more than any series has."""

EXEMPLAR = 4
"""Cells of a histogram's exemplar: its value, when (seconds since the epoch), its trace's id."""


def width(declaration: Declaration) -> int:
    """Cells of one series. A histogram: the sum, one for each bucket, one beyond, the exemplar."""
    return 1 if declaration.kind != "histogram" else len(declaration.bounds) + 2 + EXEMPLAR


class Cells:
    """What this process has counted; in `folder`, or for this process alone where it is None."""

    def __init__(self, folder: Path | None, role: str) -> None:
        self.started = time.time()
        """Seconds since the epoch: since when it counts."""
        self._used = 0
        self._made = 0  # bytes from the beginning that have room on the disk
        self._length = 0  # of the index
        self._index: int | None = None
        self._lock: int | None = None
        if folder is None:
            self._memory = mmap.mmap(-1, SIZE)
        else:
            self._memory = self._map(folder, role)
        self.bytes = memoryview(self._memory)
        self.numbers = self.bytes.cast("d")
        self.spare = len(self.numbers) - SPARE
        """Where to write what there is no room for; nobody reads it."""

    def open(self, declaration: Declaration, values: Sequence[str]) -> int | None:
        """A place for one more series, its cells zero; None when there is no room left, be it here
        or on the disk."""
        at, end = self._used, self._used + width(declaration)
        if end > self.spare:
            return None
        if self._index is not None and self._lock is not None:
            line = {"declaration": declaration, "values": values, "at": at}
            try:
                while self._made < end * 8:
                    self._made += _write(self._lock, self._made, bytes(STEP))
                self._length += _write(self._index, self._length, json.encode(line) + b"\n")
            except OSError:
                return None
        self._used = end
        return at

    def abandon(self) -> None:
        """In a fork: these are the parent's numbers, and its lock."""
        for descriptor in (self._index, self._lock):
            if descriptor is not None:
                os.close(descriptor)
        self._index = self._lock = None

    def _map(self, folder: Path, role: str) -> mmap.mmap:
        # 1. Under another name, 2. locked, 3. renamed: no reader finds it unlocked, and takes it
        # for the legacy of a process that has ended.
        name = f"{role}-{os.getpid()}-{secrets.token_hex(4)}"
        draft, final = folder / f"{name}.draft", folder / f"{name}.cells"
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        self._lock = os.open(draft, flags, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        os.ftruncate(self._lock, SIZE)
        _write(self._lock, SIZE - SPARE * 8, bytes(SPARE * 8))
        self._index = os.open(folder / f"{name}.series", flags, 0o600)
        process = {"role": role, "pid": os.getpid(), "started": self.started}
        self._length = _write(self._index, 0, json.encode(process) + b"\n")
        memory = mmap.mmap(self._lock, SIZE)
        draft.rename(final)
        return memory


def _write(file: int, at: int, content: bytes) -> int:
    """Write it all, and say how much that is. OSError: the disk is full, and a part may be there,
    which the next one overwrites."""
    written = os.pwrite(file, content, at)
    if written < len(content):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    return written
