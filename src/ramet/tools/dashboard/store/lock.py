"""One process for one file: a second one would drop, count and set aside what the first has."""

from __future__ import annotations

import fcntl
import os
import shlex
import sys
from pathlib import Path

from ramet.errors import DiagnosticError, Mistake

__all__ = ["Lock"]

_LONGEST = 300  # bytes of who has it


class Lock:
    """Held from `take` to `release`, or to the end of the process, however it comes."""

    def __init__(self, descriptor: int) -> None:
        """For `take`."""
        self._descriptor = descriptor

    @classmethod
    def take(cls, path: Path) -> Lock:
        """Take the file at `path` for this process, by a file beside it.

        Raises `DiagnosticError` that says who has it, and OSError where the folder takes no files.
        """
        beside = path.with_name(path.name + ".lock")
        descriptor = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, _who().encode()[:_LONGEST], 0)
        except BlockingIOError:
            who = os.pread(descriptor, _LONGEST, 0).decode(errors="replace")
            os.close(descriptor)
            raise _taken(path, who or "another process") from None
        except BaseException:
            os.close(descriptor)
            raise
        return cls(descriptor)

    def release(self) -> None:
        """Let another have it. The file beside it stays: who removes it may remove another's."""
        os.close(self._descriptor)


def _who() -> str:
    return f"process {os.getpid()}: {shlex.join(sys.orig_argv)}"


def _taken(path: Path, who: str) -> DiagnosticError:
    return DiagnosticError(
        Mistake(
            reference="telemetry-file-in-use",
            where=str(path),
            found=f"another dashboard has it open, {who}",
            expected="a file that no other process has open",
            remedy="use that dashboard, or end it; or `ramet dashboard --data FILE` with another",
        )
    )
