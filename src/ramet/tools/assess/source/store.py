"""The cache on disk: what was worked out of a content, keyed by that content.

One file a project. A store of another version, or one that a crash has cut off, is no store, and
an entry that is damaged is no entry: each has a checksum. It holds what the last run used, no more.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import msgspec

__all__ = ["Store", "key_of"]

_Result = TypeVar("_Result")


def key_of(content: bytes) -> bytes:
    """The key of a content in a store."""
    return hashlib.blake2b(content, digest_size=16).digest()


class _Kept(msgspec.Struct, array_like=True, gc=False):
    version: bytes
    entries: dict[bytes, memoryview]
    sums: dict[bytes, int]


class Store:
    """Entries by key, read at once and written by `save` where anything changed.

    Without a path it keeps nothing beyond its own life.
    """

    def __init__(self, path: Path | None = None, version: bytes = b"") -> None:
        self._path = path
        self._version = version
        self._old: dict[bytes, memoryview] = {}
        self._used: dict[bytes, memoryview] = {}
        self._sums: dict[bytes, int] = {}
        self._is_changed = False
        if path is not None:
            with contextlib.suppress(OSError, msgspec.DecodeError):
                kept = msgspec.msgpack.decode(path.read_bytes(), type=_Kept)
                if kept.version == version:
                    self._old, self._sums = kept.entries, kept.sums

    def get(self, key: bytes) -> memoryview | None:
        """The encoded entry of a key, which counts as used from now on."""
        entry = self._used.get(key) or self.last(key)
        if entry is not None:
            self._used[key] = entry
        return entry

    def last(self, key: bytes) -> memoryview | None:
        """An entry of the last run, which is dropped unless somebody gets it."""
        entry = self._old.get(key)
        return entry if entry is not None and zlib.crc32(entry) == self._sums.get(key) else None

    def put(self, key: bytes, entry: bytes) -> memoryview:
        """Keep an encoded entry."""
        self._is_changed = True
        self._used[key] = kept = memoryview(entry)
        self._sums[key] = zlib.crc32(entry)
        return kept

    def remembered(
        self,
        stage: str,
        inputs: object,
        kind: type[_Result],
        compute: Callable[[], _Result],
        *,
        is_exact: bool = False,
    ) -> _Result:
        """What a stage of the work makes of its inputs: worked out only where one has changed.

        `inputs` are all that the result depends on, beside the version. They and the result, which
        is a `kind`, are what msgspec can encode. A result is given as it will be read back, so
        that one that is remembered is in nothing another than one that is not; or as it is made,
        where that `is_exact`: no tuple for a list, no int for a float.
        """
        try:
            key = key_of(msgspec.msgpack.encode((stage, inputs)))
            entry = self.get(key)
            if entry is None:
                result = compute()
                entry = self.put(key, msgspec.msgpack.encode(result))
                if is_exact:
                    return result
        except UnicodeEncodeError:  # the project's folder has a name that is no UTF-8
            return compute()
        return msgspec.msgpack.decode(entry, type=kind)

    def save(self) -> None:
        """Write what was used in this run. A folder that cannot be written costs speed only."""
        is_same = not self._is_changed and self._used.keys() == self._old.keys()
        if self._path is None or is_same:
            return
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self._path.parent)
            try:
                with os.fdopen(handle, "wb") as file:
                    sums = {key: self._sums[key] for key in self._used}
                    kept = _Kept(self._version, self._used, sums)
                    file.write(msgspec.msgpack.encode(kept))
                os.replace(name, self._path)
            except BaseException:
                os.unlink(name)
                raise
