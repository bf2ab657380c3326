"""The cache on disk: what was worked out of a content, keyed by that content.

One file a project. A store of another version, or one that a crash has cut off, is no store, and
an entry that is damaged is no entry: each has a checksum. It holds what the last run used, no more.
"""

from __future__ import annotations

import contextlib
import hashlib
import mmap
import os
import zlib
from collections.abc import Callable
from itertools import accumulate
from pathlib import Path
from struct import Struct
from typing import TypeVar

import msgspec

__all__ = ["Store", "key_of"]

_Result = TypeVar("_Result")


def key_of(content: bytes) -> bytes:
    """The key of a content in a store: 16 bytes of SHA-256, for which most processors have
    instructions, so that it takes half as long as BLAKE2."""
    return hashlib.sha256(content).digest()[:16]


class _Index(msgspec.Struct, array_like=True, gc=False):
    """`version` made the entries, which follow in the order of their `keys`: `sizes` and `sums`."""

    version: bytes
    keys: list[bytes]
    sizes: list[int]
    sums: list[int]


_INDEX = msgspec.msgpack.Decoder(_Index)
_NUMBER = Struct("<II")
"""What a store's file begins with: how long its index is, and the checksum of that."""

_BUFFER = 1_000_000


class Store:
    """Entries by key, read at once and written by `save` where anything changed.

    Without a path it keeps nothing beyond its own life.
    """

    def __init__(self, path: Path | None = None, version: bytes = b"") -> None:
        self._path = path
        self._version = version
        self._old: dict[bytes, tuple[int, int, int]] = {}
        self._content = memoryview(b"")
        self._used: dict[bytes, memoryview] = {}
        self._sums: dict[bytes, int] = {}
        self._is_changed = False
        if path is not None:
            with contextlib.suppress(OSError, msgspec.DecodeError):
                self._content = _mapped(path)
                self._old = _located(self._content, version)

    def get(self, key: bytes) -> memoryview | None:
        """The encoded entry of a key, which counts as used from now on."""
        entry = self._used.get(key)
        if entry is None and (entry := self.last(key)) is not None:
            self._used[key] = entry
            self._sums[key] = self._old[key][2]
        return entry

    def last(self, key: bytes) -> memoryview | None:
        """An entry of the last run, which is dropped unless somebody gets it."""
        place = self._old.get(key)
        if place is None:
            return None
        start, end, its_sum = place
        entry = self._content[start:end]
        return entry if zlib.crc32(entry) == its_sum else None

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
            name = f"{self._path}.{os.getpid()}.part"
            handle = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            try:
                with os.fdopen(handle, "wb", _BUFFER) as file:
                    keys, sizes = list(self._used), [len(each) for each in self._used.values()]
                    index = msgspec.msgpack.encode(
                        _Index(self._version, keys, sizes, [self._sums[key] for key in keys])
                    )
                    file.write(_NUMBER.pack(len(index), zlib.crc32(index)))
                    file.write(index)
                    file.writelines(self._used.values())
                os.replace(name, self._path)
            except BaseException:
                os.unlink(name)
                raise


def _mapped(path: Path) -> memoryview:
    """What is in a file, as the system holds it: a copy takes longer than all that is read of it.

    It stays as it is, for nobody writes to a store's file: `save` puts another in its place.
    """
    with path.open("rb") as file:
        try:
            return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        except (OSError, ValueError):  # a file system that cannot, or nothing in the file
            return memoryview(file.read())


def _located(content: memoryview, version: bytes) -> dict[bytes, tuple[int, int, int]]:
    """Where each entry begins and ends, with its checksum; none of what is no whole store."""
    if len(content) < _NUMBER.size:
        return {}
    length, its_sum = _NUMBER.unpack_from(content)
    start = _NUMBER.size + length
    encoded = content[_NUMBER.size : start]
    if zlib.crc32(encoded) != its_sum:
        return {}
    index = _INDEX.decode(encoded)
    ends = list(accumulate(index.sizes, initial=start))
    if index.version != version or ends[-1] != len(content):
        return {}
    return dict(zip(index.keys, zip(ends, ends[1:], index.sums, strict=False), strict=True))
