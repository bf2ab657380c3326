"""Files of a project that are no Python: their contents' keys, and their texts where one is new."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

from ramet.tools.assess.source.store import key_of
from ramet.tools.assess.source.untouched import Untouched

__all__ = ["Texts"]


class Texts:
    """Files of one folder. `keys` are the contents' digests by path, of all that can be read."""

    def __init__(self, root: Path, paths: Iterable[str], untouched: Untouched) -> None:
        self._root = root
        self.keys: dict[str, bytes] = {}
        for path in paths:
            key = untouched.key(path)
            if key is None:
                content = self._content(path)
                key = key_of(content) if content is not None else None
            if key is not None:
                self.keys[path] = key

    @cached_property
    def key(self) -> bytes:
        """A digest of all together."""
        return key_of(b"".join(path.encode() + key for path, key in self.keys.items()))

    def read(self) -> dict[str, str]:
        """All texts by path."""
        contents = ((path, self._content(path)) for path in self.keys)
        return {
            path: content.decode("utf-8", "replace")
            for path, content in contents
            if content is not None
        }

    def _content(self, path: str) -> bytes | None:
        with contextlib.suppress(OSError), open(f"{self._root}/{path}", "rb") as file:
            return file.read()
        return None
