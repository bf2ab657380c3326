"""Paths -> extracts: from the store, else parsed, in as many processes as there are cores."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import msgspec

from ramet.tools.assess.source.extract import Extract
from ramet.tools.assess.source.extracting import extract
from ramet.tools.assess.source.store import Store

__all__ = ["Progress", "Reader", "key_of"]

Progress = Callable[[int, int, str], None]
"""Called with how much is done, how much there is, and what is being done."""

# Starting processes pays from about here; files go to them in lots of so many bytes.
WORTH_A_POOL = 1_000_000
LOT = 200_000

_DECODER = msgspec.msgpack.Decoder(Extract)


def key_of(content: bytes) -> bytes:
    """The key of a content in a store."""
    return hashlib.blake2b(content, digest_size=16).digest()


class Reader:
    """Reads files of one folder. `keys` are the contents' digests of all that were read."""

    def __init__(self, root: Path, store: Store, *, is_own: bool = True) -> None:
        self.root = root
        self.store = store
        self.is_own = is_own
        self.keys: dict[str, bytes] = {}
        self.failures: dict[str, str] = {}

    def read(
        self, paths: Iterable[str], progress: Progress | None = None, processes: int | None = None
    ) -> dict[str, Extract]:
        """The extracts of files by their paths; what the system cannot read is in `failures`."""
        root = str(self.root)
        found: dict[str, msgspec.Raw] = {}
        missing: list[tuple[str, int]] = []
        for path in paths:
            try:
                with open(f"{root}/{path}", "rb") as file:  # a thousand times: Path takes as long
                    content = file.read()
            except OSError as error:
                self.failures[path] = error.strerror or str(error)
                continue
            self.keys[path] = key = self._key(content)
            if (kept := self.store.get(key)) is not None:
                found[path] = kept
            else:
                missing.append((path, len(content)))
        total = len(found) + len(missing)
        for path, entry in self._extract(missing, processes):
            if entry is None:
                self.failures[path] = "reading it ends the process that reads"
            elif path in self.keys:
                found[path] = self.store.put(self.keys[path], entry)
            if progress is not None:
                progress(len(found), total, "reading files")
        return {path: _DECODER.decode(found[path]) for path in sorted(found)}

    def _key(self, content: bytes) -> bytes:
        # The behaviour of files that are not ours is not kept, so that they are another entry.
        return key_of(content) if self.is_own else key_of(content + b"\0")

    def _extract(
        self, missing: list[tuple[str, int]], processes: int | None
    ) -> Iterator[tuple[str, bytes | None]]:
        processes = processes or os.cpu_count() or 1
        root, is_own = str(self.root), self.is_own
        if processes < 2 or sum(size for _, size in missing) < WORTH_A_POOL:
            for path, _ in missing:
                yield from _extract_lot(root, [path], is_own)
            return
        lots = _lots(missing)
        undone: list[list[str]] = []
        with _pool(processes) as pool:
            tasks: dict[Future[list[tuple[str, bytes]]], list[str]] = {}
            for lot in lots:
                tasks[pool.submit(_extract_lot, root, lot, is_own)] = lot
            for task in as_completed(tasks):
                try:
                    yield from task.result()
                except BrokenProcessPool:
                    undone.append(tasks[task])
        for lot in undone:
            for path in lot:
                yield path, _extract_alone(root, path, is_own)


def _extract_lot(root: str, paths: list[str], is_own: bool) -> list[tuple[str, bytes]]:
    extracted = []
    for path in paths:
        try:
            content = Path(root, path).read_bytes()
        except OSError:  # gone since it was looked at
            continue
        extracted.append((path, extract(content, is_own=is_own)))
    return extracted


def _extract_alone(root: str, path: str, is_own: bool) -> bytes | None:
    """One file in a process of its own: a parser that crashes takes only this file with it."""
    try:
        with _pool(1) as pool:
            extracted = pool.submit(_extract_lot, root, [path], is_own).result()
    except BrokenProcessPool:
        return None
    return extracted[0][1] if extracted else None


def _lots(missing: list[tuple[str, int]]) -> list[list[str]]:
    """Largest files first, so that no process is left with a long one at the end."""
    lots: list[list[str]] = []
    size = LOT
    for path, length in sorted(missing, key=lambda each: -each[1]):
        if size >= LOT:
            lots.append([])
            size = 0
        lots[-1].append(path)
        size += length
    return lots


def _pool(processes: int) -> ProcessPoolExecutor:
    # A fork starts at once, but must not happen beside another thread: its locks stay locked.
    method = "fork" if threading.active_count() == 1 and hasattr(os, "fork") else "spawn"
    return ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context(method))
