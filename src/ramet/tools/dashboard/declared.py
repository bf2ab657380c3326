"""What the code declares of the system: its services and who may call whom, read from the source.

The project's code is read, never run. It may be in the middle of an edit: then what was read last
stays, and there is nothing before the first reading that succeeded.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from threading import Lock

from ramet.errors import DiagnosticError
from ramet.system import Policy, System, load, policy

__all__ = ["Project"]


_SECONDS_BETWEEN_LOOKS = 3.0


class Project:
    """The folder of a ramet.toml; without one it knows of nothing. Safe in any thread."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._lock = Lock()
        self._system: System | None = None
        self._policy = Policy()
        self._seen: object = None
        self._look_again = 0.0

    @classmethod
    def beside(cls, state: Path) -> Project:
        """The project that has `state` as its `.ramet`."""
        file = state.resolve().parent / "ramet.toml"
        return cls(file if file.is_file() else None)

    @property
    def name(self) -> str:
        """The system's name, or "telemetry" where there is none."""
        system = self.system
        return system.name if system else "telemetry"

    @property
    def services(self) -> tuple[str, ...]:
        """Names in the order of the file."""
        system = self.system
        return tuple(system.services) if system else ()

    @property
    def system(self) -> System | None:
        """As of ramet.toml now, or as it last was valid."""
        self._read()
        return self._system

    @property
    def policy(self) -> Policy:
        """Who may call whom, as the code is now."""
        self._read()
        return self._policy

    def _read(self) -> None:
        """Read again what changed since it was last read."""
        if self._file is None:
            return
        with self._lock:
            if time.monotonic() < self._look_again:
                return
            self._look_again = time.monotonic() + _SECONDS_BETWEEN_LOOKS
            seen = _newest(self._file)
            if seen == self._seen:
                return
            try:
                system = load(self._file)
                self._policy = policy(system)
                self._system = system
            except (DiagnosticError, OSError, SyntaxError):
                pass  # being edited: `ramet check` tells what is wrong with it
            self._seen = seen


def _newest(file: Path) -> tuple[int, int]:
    """Changes whenever a file does that rights are read from."""
    times = [_modified(file)]
    for folder, folders, names in os.walk(file.parent):
        folders[:] = [name for name in folders if name[0] != "." and name != "node_modules"]
        times += [_modified(Path(folder, name)) for name in names if name.endswith(".py")]
    return len(times), max(times)


def _modified(file: Path) -> int:
    try:
        return file.stat().st_mtime_ns
    except OSError:  # saved by way of another file at this moment
        return 0
