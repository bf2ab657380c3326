"""Whose returns anybody has looked at: all others may change without another file noticing.

What functions return is no part of a file's outside. Most of them, views above all, are called by
nobody in the project, and a return is what is edited most. So it is written down which functions
were looked at, with a digest of what they return; as long as these stay, everything that was worked
out with them stays good.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

import msgspec

from ramet.tools.assess.source.extract import ClassDef, Expression, FunctionDef, Statement
from ramet.tools.assess.source.store import Store, key_of

if TYPE_CHECKING:
    from ramet.tools.assess.linking.names import Module

__all__ = ["Returns"]


class _Seen(msgspec.Struct, array_like=True):
    """Functions of one file: digests of their returns by name, taken at that content's key."""

    content: bytes
    digests: dict[str, bytes]


class _Kept(msgspec.Struct, array_like=True):
    """`since` is the state of the project since which nobody saw a change, `seen` is by file."""

    since: bytes
    seen: dict[str, _Seen]

    def is_good(self, modules: Mapping[str, Module], keys: Mapping[str, bytes]) -> bool:
        """Whether all that was looked at returns the same; an unchanged file's need no look."""
        return all(
            keys.get(path) == seen.content
            or (path in modules and _digests(modules[path], seen.digests) == seen.digests)
            for path, seen in self.seen.items()
        )


class Returns:
    """Gives what functions return, and remembers of which it was asked."""

    def __init__(self) -> None:
        self._asked: dict[str, set[str]] = {}
        self._kept = _Kept(b"", {})
        self._key = b""
        self._is_new = False

    def of(self, module: Module, function: FunctionDef) -> list[Expression]:
        """What a function returns or yields, for whoever keeps what follows from it."""
        if module.is_own:
            self._asked.setdefault(module.path, set()).add(function.name)
        return function.returns

    def since(
        self,
        store: Store,
        outside: bytes,
        modules: Mapping[str, Module],
        keys: Mapping[str, bytes],
    ) -> bytes:
        """A digest that stays while `outside` does and all that was looked at returns the same.

        `modules` are the project's by path, `keys` those of all its files' contents.
        """
        self._key = key_of(b"returns" + outside)
        entry = store.get(self._key)
        kept = msgspec.msgpack.decode(entry, type=_Kept) if entry is not None else None
        if kept is None or not kept.is_good(modules, keys):
            now = key_of(b"".join(path.encode() + key for path, key in sorted(keys.items())))
            kept = _Kept(now, {})
            self._is_new = True
        self._kept = kept
        return key_of(outside + kept.since)

    def keep(self, store: Store, modules: Mapping[str, Module], keys: Mapping[str, bytes]) -> None:
        """Write down what was looked at in this run, beside what was before."""
        seen = self._kept.seen
        for path, asked in self._asked.items():
            known = seen[path].digests.keys() if path in seen else set()
            if not asked <= known:
                seen[path] = _Seen(keys[path], _digests(modules[path], asked | known))
                self._is_new = True
        if self._is_new:
            store.put(self._key, msgspec.msgpack.encode(self._kept))


def _digests(module: Module, names: Iterable[str]) -> dict[str, bytes]:
    """Of what these functions of a file return now, b"" for one that is gone."""
    digests = dict.fromkeys(names, b"")
    for function in _functions(module.extract.body):
        # Of one name there may be several, under conditions.
        if function.name in digests:
            digests[function.name] += function.returned
    return digests


def _functions(statements: Iterable[Statement]) -> Iterator[FunctionDef]:
    for statement in statements:
        if isinstance(statement, FunctionDef):
            yield statement
        if isinstance(statement, FunctionDef | ClassDef):
            yield from _functions(statement.body)
