"""Paths -> extracts: from the store, else parsed, in as many processes as there are cores."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import msgspec

from ramet.tools.assess.source.extract import Extract
from ramet.tools.assess.source.extracting import extract_lot
from ramet.tools.assess.source.store import Store, key_of
from ramet.tools.assess.source.untouched import Untouched

__all__ = ["Progress", "Reader"]

Progress = Callable[[int, int, str], None]
"""Called with how much is done, how much there is, and what is being done."""

# Starting processes pays from about so many bytes on.
WORTH_A_POOL = 1_000_000

_DECODER = msgspec.msgpack.Decoder(Extract)


class Reader:
    """Reads files of one folder. `keys` are the contents' digests of all that were read."""

    def __init__(
        self,
        root: Path,
        store: Store,
        *,
        is_own: bool = True,
        untouched: Untouched | None = None,
    ) -> None:
        self._untouched = untouched
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
        found: dict[str, memoryview] = {}
        missing: list[tuple[str, int]] = []
        for path in paths:
            key = self._untouched.key(path) if self._untouched is not None else None
            if key is not None and (kept := self.store.get(key)) is not None:
                self.keys[path] = key
                found[path] = kept
                continue
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
                yield from extract_lot(root, [path], is_own)
            return
        # What processes need takes longer to import than a second run takes to read.
        from ramet.tools.assess.source.pooling import extract_in_processes

        yield from extract_in_processes(root, missing, is_own, processes)
