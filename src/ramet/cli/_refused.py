"""What the machine refuses to a command, such as room on a disk, told as a person's mistake is."""

from __future__ import annotations

import errno
import os

from ramet.errors import DiagnosticError, Mistake

__all__ = ["diagnosis"]

_FULL = (
    "disk-full",
    "room for what ramet writes: the folder .ramet and, of root, the databases in /var/lib",
    "make room, `df -h` shows where there is none, and run it again; nothing else is wrong",
)
_CLOSED = (
    "not-permitted",
    "a file of the user who runs this",
    "run ramet as the user who started the system, or give the file back to the one who runs it",
)
_KINDS = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EACCES: _CLOSED,
    errno.EPERM: _CLOSED,
    errno.EROFS: (
        "read-only",
        "a place that can be written to",
        "work on a copy of the project in a folder of your own",
    ),
}


def diagnosis(error: OSError) -> DiagnosticError | None:
    """What to tell of it; None where it may be a bug of ours, which keeps its traceback."""
    kind = _KINDS.get(error.errno or 0)
    if kind is None or (kind is _CLOSED and error.filename is None):
        return None
    reference, expected, remedy = kind
    where = os.fsdecode(error.filename) if error.filename is not None else os.getcwd()
    return DiagnosticError(
        Mistake(reference, where, os.strerror(error.errno or 0), expected, remedy)
    )
