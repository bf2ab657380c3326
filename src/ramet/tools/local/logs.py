"""The log files of processes, and following them as they grow."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ramet.tools.local.folder import Folder

_ROLES = ("web", "worker", "celery", "migrate", "setup")
_POLL_SECONDS = 0.2


def files(folder: Folder, service: str | None, groups: Mapping[str, Sequence[str]]) -> list[Path]:
    """The logs of one service (those of its group) or engine, or all; in the order of their names.

    `groups` gives the services of each group.
    """
    found = sorted(folder.logs.glob("*.log"), key=lambda file: file.stem)
    if service is None:
        return found
    names = {service, *(name for name, members in groups.items() if service in members)}
    starts = tuple(f"{name}-{role}" for name in names for role in _ROLES)
    return [file for file in found if file.stem in names or file.stem.startswith(starts)]


def follow(paths: Sequence[Path]) -> Iterator[tuple[str, str]]:
    """Every complete line that is written from now on, with the name of its file; never ends."""
    positions = {path: _size(path) for path in paths}
    while True:
        waited = True
        for path in paths:
            size = _size(path)
            if size < positions[path]:  # a fresh start emptied it
                positions[path] = 0
            if size > positions[path]:
                with path.open("rb") as file:
                    file.seek(positions[path])
                    chunk = file.read()
                complete = chunk[: chunk.rfind(b"\n") + 1]
                positions[path] += len(complete)
                waited = not complete
                for line in complete.decode("utf-8", "replace").splitlines():
                    yield path.stem, line
        if waited:
            time.sleep(_POLL_SECONDS)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
