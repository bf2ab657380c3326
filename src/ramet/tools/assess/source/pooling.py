"""Extracting in several processes, of which each may crash: a parser's stack has an end."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import connection

from ramet.tools.assess.source.extracting import extract_lot

__all__ = ["extract_in_processes"]

# Bytes of source that a process is given at once.
LOT = 200_000


def extract_in_processes(
    root: str, files: list[tuple[str, int]], is_own: bool, processes: int
) -> Iterator[tuple[str, bytes | None]]:
    """Paths with their encoded extracts, as they come; None where a file ends its process.

    `files` are paths below `root` with their sizes in bytes.
    """
    undone: list[list[str]] = []
    with _pool(processes) as pool:
        tasks: dict[Future[list[tuple[str, bytes]]], list[str]] = {}
        for lot in _lots(files):
            tasks[pool.submit(extract_lot, root, lot, is_own)] = lot
        for task in as_completed(tasks):
            try:
                yield from task.result()
            except BrokenProcessPool:
                undone.append(tasks[task])
    for lot in undone:
        for path in lot:
            yield path, _extract_alone(root, path, is_own)


def _extract_alone(root: str, path: str, is_own: bool) -> bytes | None:
    """One file in a process of its own: a parser that crashes takes only this file with it."""
    try:
        with _pool(1) as pool:
            extracted = pool.submit(extract_lot, root, [path], is_own).result()
    except BrokenProcessPool:
        return None
    return extracted[0][1] if extracted else None


def _lots(files: list[tuple[str, int]]) -> list[list[str]]:
    """Largest files first, so that no process is left with a long one at the end."""
    lots: list[list[str]] = []
    size = LOT
    for path, length in sorted(files, key=lambda each: -each[1]):
        if size >= LOT:
            lots.append([])
            size = 0
        lots[-1].append(path)
        size += length
    return lots


def _pool(processes: int) -> ProcessPoolExecutor:
    # A fork starts at once, but must not happen beside another thread: its locks stay locked.
    method = "fork" if threading.active_count() == 1 and hasattr(os, "fork") else "spawn"
    context = multiprocessing.get_context(method)
    return ProcessPoolExecutor(processes, mp_context=context, initializer=_end_with_parent)


def _end_with_parent() -> None:
    """Have this process end when the one that asks is killed: it could tell nobody to."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        connection.wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, name="ends with its parent", daemon=True).start()
