"""Imports of modules -> imports between apps: at run time, for typing alone, and through others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from ramet.tools.assess.facts import Edge
from ramet.tools.assess.linking.behaviour.found import Found

__all__ = ["Import", "Imports", "import_edges"]

FOR_TYPING, DEFERRED, GUARDED = 1, 2, 4
_LONGEST_CHAIN = 6

Import = tuple[str, int, int]
"""The module that is imported, the line, and flags."""


class _Import(NamedTuple):
    source: str
    target: str
    line: int
    flags: int


class Imports:
    """The imports of one module of a project by another. Those within one app tell nothing."""

    def __init__(self, found: Mapping[str, Found], app_of: Callable[[str], str | None]) -> None:
        self._found = found
        self._app_of = app_of
        self._modules = frozenset(found)
        self._own = {module.partition(".")[0] for module in found}

    def of(self, source: str) -> Iterator[Import]:
        """Those that a module makes, of each other one once: the strongest, else the first."""
        app = self._app_of(source)
        modules, own = self._modules, self._own
        seen: dict[tuple[str, bool], Import] = {}
        for line, module, names, flags in self._found[source].imports:
            if module.partition(".")[0] not in own:
                continue
            inner = [each if (each := f"{module}.{name}") in modules else module for name in names]
            for target in dict.fromkeys(inner or [module]):
                if target in modules and target != source:
                    key = (target, bool(flags & FOR_TYPING))
                    if key not in seen or seen[key][2] & DEFERRED > flags & DEFERRED:
                        seen[key] = (target, line, flags)
        return (each for each in seen.values() if app is None or self._app_of(each[0]) != app)


def import_edges(
    made: Mapping[str, Iterable[Import]],
    app_of: Callable[[str], str | None],
    path_of: Callable[[str], str],
) -> Iterator[Edge]:
    """Edges between apps: one for each pair of modules, and one for each pair of apps that know
    each other only through modules of no app. `made` are the imports of each module."""
    imports = [_Import(source, *each) for source, those in made.items() for each in those]
    crossing = [
        (each, source, target)
        for each in imports
        if (source := app_of(each.source)) is not None
        and (target := app_of(each.target)) is not None
        and source != target
    ]
    cycles = _cycles(
        (source, target)
        for each, source, target in crossing
        if not each.flags & (FOR_TYPING | DEFERRED)
    )
    direct: set[tuple[str, str]] = set()
    for each, source, target in crossing:
        is_typing = bool(each.flags & FOR_TYPING)
        if not is_typing:
            direct.add((source, target))
        yield Edge(
            kind="import_typing" if is_typing else "import",
            source=source,
            target=target,
            field=each.target,
            file=path_of(each.source),
            line=each.line,
            note=_note(each.flags, cycles.get(source), target),
        )
    yield from _chains(imports, direct, app_of, path_of)


def _note(flags: int, cycle: frozenset[str] | None, target: str) -> str:
    notes = []
    if flags & DEFERRED:
        notes.append("inside a function")
    if flags & GUARDED:
        notes.append("where it can be imported")
    if cycle is not None and target in cycle and not flags & (FOR_TYPING | DEFERRED):
        notes.append(f"cycle of {', '.join(sorted(cycle)[:6])}")
    return "; ".join(notes)


def _chains(
    imports: Iterable[_Import],
    direct: set[tuple[str, str]],
    app_of: Callable[[str], str | None],
    path_of: Callable[[str], str],
) -> Iterator[Edge]:
    # A module of an app ends a chain, and one that is imported itself is no chain.
    following: dict[str, list[_Import]] = {}
    for each in imports:
        if not each.flags & FOR_TYPING:
            following.setdefault(each.source, []).append(each)
    told: set[tuple[str, str]] = set(direct)
    for source, first in following.items():
        app = app_of(source)
        if app is None:
            continue
        seen = {source}
        level = [([each], each.target) for each in first if app_of(each.target) is None]
        for _ in range(_LONGEST_CHAIN):
            reached = []
            for chain, module in level:
                if module in seen:
                    continue
                seen.add(module)
                other = app_of(module)
                if other is None:
                    reached += [([*chain, each], each.target) for each in following.get(module, ())]
                elif other != app and (app, other) not in told:
                    told.add((app, other))
                    yield Edge(
                        kind="import_chain",
                        source=app,
                        target=other,
                        field=" > ".join([source, *(each.target for each in chain)]),
                        file=path_of(source),
                        line=chain[0].line,
                    )
            level = reached


def _cycles(pairs: Iterable[tuple[str, str]]) -> dict[str, frozenset[str]]:
    """Apps that import each other in a circle: each with all of its circle."""
    following: dict[str, set[str]] = {}
    for source, target in pairs:
        following.setdefault(source, set()).add(target)
    reached = {app: _reach(app, following) for app in following}
    cycles = {}
    for app in following:
        circle = frozenset(
            other for other in reached[app] if app in reached.get(other, ()) or other == app
        )
        if len(circle) > 1:
            cycles[app] = circle
    return cycles


def _reach(start: str, following: Mapping[str, set[str]]) -> set[str]:
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        for app in following.get(waiting.pop(), ()):
            if app not in seen:
                seen.add(app)
                waiting.append(app)
    return seen
