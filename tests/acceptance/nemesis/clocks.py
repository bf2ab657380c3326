"""Clocks that can be set: of the database server and of each Python process, by libfaketime.

Moved is what a process reads as the time of day. Its monotonic clock, its waits and the system's
own clock go on untouched. Within a second every process looks at its file again.
"""

from __future__ import annotations

import glob
import shutil
import tempfile
from pathlib import Path

REASON = "no clock is moved: libfaketime is not installed (apt-get install faketime)"

POSTGRES = "postgres"


def library() -> str | None:
    """Debian's libfaketime for programs with threads; None where it is not installed."""
    found = sorted(
        glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")
        + glob.glob("/usr/lib/faketime/libfaketimeMT.so.1")
    )
    return found[0] if found else None


class Clocks:
    """One file for each clock, in a folder that the account of PostgreSQL can read, too."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="ramet-clocks-"))
        self.folder.chmod(0o755)

    def set(self, name: str, seconds: float) -> None:
        """Have the clock `name` be so much ahead (negative: behind)."""
        file = self.folder / name
        draft = file.with_suffix(".new")
        draft.write_text(f"{seconds:+g}\n")
        draft.chmod(0o644)
        draft.replace(file)  # never read by halves

    def heal(self) -> None:
        """Have all of them tell the true time."""
        for file in self.folder.iterdir():
            self.set(file.name, 0)

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


def environment(library: str, file: Path) -> dict[str, str]:
    """What puts a process, and those that it forks, under the clock of `file`."""
    return {
        "LD_PRELOAD": library,
        "FAKETIME_TIMESTAMP_FILE": str(file),
        "FAKETIME_CACHE_DURATION": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_DISABLE_SHM": "1",
    }
