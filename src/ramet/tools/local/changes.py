"""A code change restarts only the services that contain it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine, Iterable
from pathlib import Path
from typing import Any

from ramet.system import System

_SUFFIXES = (".py", ".html", ".txt", ".po", ".mo")
_SKIPPED = {"node_modules", "__pycache__", "site-packages"}

Reload = Callable[[set[str] | None, str], Coroutine[Any, Any, None]]
"""Restart the groups of these services, or of all (None), with the reason."""


def services_of(system: System, path: Path) -> set[str] | None:
    """The services whose apps contain the file; None when it is shared code, so every service's."""
    owners = {
        service.name
        for service in system.services.values()
        for app in service.apps
        if path.is_relative_to(system.root.joinpath(*app.split(".")))
        or path == system.root.joinpath(*app.split(".")).with_suffix(".py")
    }
    return owners or None


def is_code(path: Path, root: Path) -> bool:
    """Whether a change of this file can change what a service does."""
    parts = path.relative_to(root).parts
    return path.suffix in _SUFFIXES and not any(
        part.startswith(".") or part in _SKIPPED for part in parts
    )


async def watch(
    system: System, reload: Reload, report: Callable[[str], None], stop: asyncio.Event
) -> None:
    """Call `reload` for changes below the system's folder until `stop`; report what cannot be."""
    from watchfiles import Change, awatch  # late: it must not delay the first request

    def is_wanted(_change: Change, name: str) -> bool:
        path = Path(name)
        return path == system.path or is_code(path, system.root)

    folders = source_folders(system.root)
    if not folders:
        return
    async for changes in awatch(*folders, watch_filter=is_wanted, stop_event=stop, debounce=200):
        paths = {Path(name) for _, name in changes}
        if system.path in paths:
            report(f"{system.path.name} changed: end `ramet up` and start it again to use it")
            paths.discard(system.path)
        if paths:
            await reload(_owners(system, paths), _named(system, paths))


def _owners(system: System, paths: Iterable[Path]) -> set[str] | None:
    owners: set[str] = set()
    for path in paths:
        found = services_of(system, path)
        if found is None:
            return None
        owners |= found
    return owners


def _named(system: System, paths: set[Path]) -> str:
    first = min(paths).relative_to(system.root)
    more = len(paths) - 1
    return f"{first} changed" if not more else f"{first} and {more} more changed"


def source_folders(root: Path) -> list[Path]:
    """Folders that may hold our code; a virtual environment would take thousands of watches."""
    return [
        Path(entry.path)
        for entry in os.scandir(root)
        if entry.is_dir()
        and not entry.name.startswith(".")
        and entry.name not in _SKIPPED
        and not Path(entry.path, "pyvenv.cfg").exists()
    ]
