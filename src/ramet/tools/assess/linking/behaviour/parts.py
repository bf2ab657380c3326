"""What one module adds to a scan, which follows from its own file and from facts of others.

It is kept while its file says the same and so do those facts (`outlines`): of a project where one
function has changed, all other modules' parts are as they were.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import msgspec

from ramet.tools.assess.facts import Atomic, Edge, EdgeKind, Function
from ramet.tools.assess.linking.behaviour.found import (
    Found,
    FoundEdge,
    FoundFunction,
    FoundGap,
    Include,
    Pattern,
    Receiver,
)
from ramet.tools.assess.linking.behaviour.graph import Functions
from ramet.tools.assess.linking.behaviour.imports import Import, Imports
from ramet.tools.assess.linking.behaviour.places import Places
from ramet.tools.assess.linking.behaviour.uses import Uses
from ramet.tools.assess.linking.world import World

__all__ = ["NOTHING", "Heard", "Part", "Parts"]


class Heard(NamedTuple):
    """A receiver, with the models or the app that are reached from it, and by which function."""

    receiver: Receiver
    targets: list[str]
    via: str


class Part(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """That of one module.

    `edges` are told by its file alone, `calls`, `reaching` and `transactions` by its functions.
    `uses` have the target "" where only all modules tell it. `sends` are signals of the project,
    each with whom it is sent by.
    """

    edges: list[Edge]
    uses: list[Edge]
    imports: list[Import]
    sends: list[tuple[str, str]]
    heard: list[Heard]
    calls: list[Edge]
    reaching: list[Edge]
    transactions: list[Edge]
    functions: list[Function]
    atomics: list[Atomic]
    patterns: list[Pattern]
    includes: list[Include]
    url_namespace: str
    gaps: list[FoundGap]


NOTHING = Part([], [], [], [], [], [], [], [], [], [], [], [], "", [])
"""That of a module that adds nothing, as most do."""


class Parts:
    """Makes the parts of modules."""

    def __init__(
        self, world: World, found: Mapping[str, Found], places: Places, functions: Functions
    ) -> None:
        self._found = found
        self._places = places
        self._functions = functions
        self._uses = Uses(world, places, functions)
        self._imports = Imports(found, places.app_of)
        self._is_request_atomic = _is_request_atomic(world)
        self._middleware = tuple(f"{each}." for each in world.settings.texts("MIDDLEWARE"))

    def of(self, module: str) -> Part:
        """The part of a module. What it asks for of others is noted."""
        found = self._found[module]
        functions = list(self._functions.of(module))
        facts = map(self._functions.fact, functions)
        atomics = [
            atomic
            for function in functions
            for atomic in self._functions.atomics(function, self._is_request_atomic)
        ]
        return Part(
            edges=list(self._direct(module, found)),
            uses=list(self._uses.edges(module, found)),
            imports=list(self._imports.of(module)),
            sends=list(self._sends(found)),
            heard=[self._heard(module, receiver) for receiver in found.receivers],
            calls=[edge for function in functions for edge in self._calls(function)],
            reaching=[edge for function in functions for edge in self._reaching(function)],
            transactions=[edge for atomic in atomics for edge in self._transaction(atomic)],
            functions=[fact for fact in facts if fact is not None],
            atomics=atomics,
            patterns=found.patterns,
            includes=found.includes,
            url_namespace=found.url_namespace,
            gaps=found.gaps,
        )

    def _direct(self, module: str, found: Found) -> Iterator[Edge]:
        app = self._places.app_of(module)
        path = self._places.path_of(module)
        for each in found.edges:
            source = each.source or app
            if (
                source is not None
                and self._places.exists(source)
                and self._places.exists(each.target)
            ):
                yield _edge(each, source, path)

    def _sends(self, found: Found) -> Iterator[tuple[str, str]]:
        for send in found.sends:
            source = send.sender or None
            if source is None and send.function in self._functions:
                source = self._functions.place(send.function)
            if source is not None:
                yield send.signal, source

    def _heard(self, module: str, receiver: Receiver) -> Heard:
        """What the function writes, else its app."""
        name = receiver.function
        if name in self._functions:
            written = [write.model for write in self._functions.writes(name)]
            app = self._functions.app(name)
        else:
            name, written, app = "", [], self._places.app_of(module)
        targets = list(dict.fromkeys(written)) or ([app] if app is not None else [])
        return Heard(receiver, targets, name)

    def _calls(self, function: FoundFunction) -> Iterator[Edge]:
        """Calls and tasks from it to functions of another app, or of another model."""
        if not function.calls:
            return
        functions = self._functions
        source, app = functions.ends(function.name)
        if source is None or app is None:
            return
        for call in function.calls:
            target, other = functions.ends(call.function)
            if target is None or other is None or call.function == function.name:
                continue
            if app == other and ("." not in source or "." not in target):
                continue
            if source == target and app != other:
                # Both belong to one model, so it is the apps that know each other.
                source_end, target_end = app, other
            else:
                source_end, target_end = source, target
            yield Edge(
                kind="task" if call.how == "task" else "call",
                source=source_end,
                target=target_end,
                field=call.function,
                file=functions.path(function.name),
                line=call.line,
                note="after the commit" if call.how == "later" else "",
            )

    def _reaching(self, function: FoundFunction) -> Iterator[Edge]:
        """From the app of middleware, or of a command, to the models of others that it touches."""
        kind: EdgeKind | None = "command" if function.kind == "command" else None
        if self._middleware and f"{function.name}.".startswith(self._middleware):
            kind = "middleware"
        app = self._functions.app(function.name) if kind is not None else None
        if kind is None or app is None:
            return
        for label in dict.fromkeys((*function.reads, *(w.model for w in function.writes))):
            if label.partition(".")[0] != app and self._places.is_model(label):
                yield Edge(
                    kind=kind,
                    source=app,
                    target=label,
                    field=function.name,
                    file=self._functions.path(function.name),
                    line=_line(function, label),
                )

    def _transaction(self, atomic: Atomic) -> Iterator[Edge]:
        """From the model that stands for a transaction to those of other apps that it writes."""
        first = self._functions.most_written(atomic.function, atomic.writes)
        for write in atomic.writes:
            if write.model.partition(".")[0] != first.partition(".")[0]:
                yield Edge(
                    kind="atomic",
                    source=first,
                    target=write.model,
                    field=atomic.function,
                    file=atomic.file,
                    line=atomic.line,
                    note=" > ".join(write.via),
                )


def _edge(each: FoundEdge, source: str, path: str) -> Edge:
    return Edge(
        kind=each.kind,
        source=source,
        target=each.target,
        field=each.field,
        file=path,
        line=each.line,
        note=each.note,
    )


def _line(function: FoundFunction, label: str) -> int:
    return next((w.line for w in function.writes if w.model == label), function.line)


def _is_request_atomic(world: World) -> bool:
    """Whether Django wraps every view: ATOMIC_REQUESTS of a database, or a setting of that name."""
    databases = world.settings.values.get("DATABASES")
    if world.settings.values.get("ATOMIC_REQUESTS") is True:
        return True
    return isinstance(databases, dict) and any(
        isinstance(each, dict) and each.get("ATOMIC_REQUESTS") is True
        for each in databases.values()
    )
