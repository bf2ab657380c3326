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
from ramet.tools.assess.source.reading import key_of
from ramet.tools.assess.source.store import Store

if TYPE_CHECKING:
    from ramet.tools.assess.linking.names import Module

__all__ = ["Returns"]


class _Kept(msgspec.Struct, array_like=True):
    """`since` is the state of the project since which nobody saw a change.

    `seen` are digests of returns by file and by the function's name.
    """

    since: bytes
    seen: dict[str, dict[str, bytes]]


class Returns:
    """Gives what functions return, and remembers of which it was asked."""

    def __init__(self) -> None:
        self._asked: dict[str, set[str]] = {}
        self._kept = _Kept(b"", {})
        self._key = b""

    def of(self, module: Module, function: FunctionDef) -> list[Expression]:
        """What a function returns or yields, for whoever keeps what follows from it."""
        if module.is_own:
            self._asked.setdefault(module.path, set()).add(function.name)
        return function.returns

    def since(
        self, store: Store, outside: bytes, modules: Mapping[str, Module], now: bytes
    ) -> bytes:
        """A digest that stays while `outside` does and all that was looked at returns the same.

        `modules` are the project's by path, `now` a digest of all their contents.
        """
        self._key = key_of(b"returns" + outside)
        entry = store.get(self._key)
        kept = msgspec.msgpack.decode(entry, type=_Kept) if entry is not None else None
        if kept is None or kept.seen != _digests(modules, kept.seen):
            kept = _Kept(now, {})
        self._kept = kept
        return key_of(outside + kept.since)

    def keep(self, store: Store, modules: Mapping[str, Module]) -> None:
        """Write down what was looked at in this run, beside what was before."""
        asked = {
            path: names | self._kept.seen.get(path, {}).keys()
            for path, names in self._asked.items()
        }
        news = {
            path: names
            for path, names in asked.items()
            if names != self._kept.seen.get(path, {}).keys()
        }
        if news or not self._kept.seen:
            seen = self._kept.seen | _digests(modules, news)
            store.put(self._key, msgspec.msgpack.encode(_Kept(self._kept.since, seen)))


def _digests(
    modules: Mapping[str, Module], names: Mapping[str, Iterable[str]]
) -> dict[str, dict[str, bytes]]:
    """Of what these functions of these files return now."""
    found: dict[str, dict[str, bytes]] = {}
    for path, wanted in names.items():
        found[path] = digests = dict.fromkeys(wanted, b"")
        for function in _functions(modules[path].extract.body) if path in modules else ():
            # Of one name there may be several, under conditions.
            if function.name in digests:
                digests[function.name] += function.returned
    return found


def _functions(statements: Iterable[Statement]) -> Iterator[FunctionDef]:
    for statement in statements:
        if isinstance(statement, FunctionDef):
            yield statement
        if isinstance(statement, FunctionDef | ClassDef):
            yield from _functions(statement.body)
