"""What all files found -> edges, functions, transactions: what needs the whole project at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from ramet.tools.assess.facts import Atomic, Edge, Function, Gap
from ramet.tools.assess.linking.behaviour.found import Found, FoundEdge, FoundFunction
from ramet.tools.assess.linking.behaviour.gaps import summed
from ramet.tools.assess.linking.behaviour.graph import Functions
from ramet.tools.assess.linking.behaviour.imports import import_edges
from ramet.tools.assess.linking.behaviour.places import Places
from ramet.tools.assess.linking.behaviour.routes import Routes
from ramet.tools.assess.linking.behaviour.template_edges import template_edges
from ramet.tools.assess.linking.behaviour.uses import Uses
from ramet.tools.assess.linking.world import World

__all__ = ["Joined", "join"]


class Joined(NamedTuple):
    """What is added to a scan. Edges are in no order, the others in that of file and line."""

    edges: list[Edge]
    functions: list[Function]
    atomics: list[Atomic]
    gaps: list[Gap]


def join(world: World, found: Mapping[str, Found], templates: Mapping[str, str]) -> Joined:
    """All edges of behaviour. `found` is by module's dotted name, `templates` are texts by path."""
    places = Places(world)
    functions = Functions(found, places.app_of, places.path_of, places.is_model)
    routes = Routes(found, places)
    owners = places.owners_of_templates(templates)
    uses = Uses(world, places, functions, routes, owners)
    atomics = list(functions.atomics(_is_request_atomic(world)))
    edges: list[Edge] = []
    for module, one in found.items():
        edges += _direct(places, module, one)
        edges += uses.edges(module, one)
    edges += import_edges(found, places.app_of, places.path_of)
    edges += _signals(places, functions, found)
    edges += _calls(functions)
    edges += _reaching(functions, world)
    edges += _transactions(functions, atomics)
    edges += template_edges(templates, owners, places, routes, _tag_libraries(places, found))
    return Joined(
        list(_once(edges)),
        sorted(functions.facts(), key=lambda function: (function.file, function.line)),
        sorted(atomics, key=lambda atomic: (atomic.file, atomic.line)),
        summed(found, places),
    )


def _once(edges: list[Edge]) -> Iterator[Edge]:
    """Each edge once, and none from an app to itself or to one of its own models."""
    seen = set()
    for edge in edges:
        if edge.source == edge.target and edge.kind not in ("lookup", "accessor"):
            continue
        if "." not in edge.source and edge.target.partition(".")[0] == edge.source:
            continue
        if "." not in edge.target and edge.source.partition(".")[0] == edge.target:
            continue
        key = (edge.kind, edge.source, edge.target, edge.field, edge.file, edge.line)
        if key not in seen:
            seen.add(key)
            yield edge


def _direct(places: Places, module: str, found: Found) -> Iterator[Edge]:
    app = places.app_of(module)
    path = places.path_of(module)
    for each in found.edges:
        source = each.source or app
        if source is not None and places.exists(source) and places.exists(each.target):
            yield _edge(each, source, path)


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


def _signals(places: Places, functions: Functions, found: Mapping[str, Found]) -> Iterator[Edge]:
    """From the sender's model, or from who sends a signal of the project, to what is written."""
    senders: dict[str, list[str]] = {}
    for one in found.values():
        for send in one.sends:
            source = send.sender or None
            if source is None and send.function in functions:
                source = functions.place(send.function)
            if source is not None and source not in senders.setdefault(send.signal, []):
                senders[send.signal].append(source)
    for module, one in found.items():
        path = places.path_of(module)
        for receiver in one.receivers:
            sources = [receiver.sender] if receiver.sender else senders.get(receiver.signal, [])
            name = receiver.function
            targets = [places.app_of(module)]
            via = ""
            if name in functions:
                written = [write.model for write in functions.writes(name)]
                targets = list(dict.fromkeys(written)) or [functions.app(name)]
                via = name
            for source in sources:
                for target in targets:
                    if target is not None:
                        yield Edge(
                            kind="signal",
                            source=source,
                            target=target,
                            field=receiver.signal.rpartition(".")[2],
                            file=path,
                            line=receiver.line,
                            note=via,
                        )


def _calls(functions: Functions) -> Iterator[Edge]:
    """Calls and tasks between functions of two apps, or of two models.

    A function that touches no model is told once for each that calls it: it can be copied or moved.
    """
    told = set()
    for _, function in functions:
        if not function.calls:
            continue
        source, app = functions.ends(function.name)
        if source is None or app is None:
            continue
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
            if "." not in target_end:
                once = (source_end, target_end, call.function)
                if once in told:
                    continue
                told.add(once)
            yield Edge(
                kind="task" if call.how == "task" else "call",
                source=source_end,
                target=target_end,
                field=call.function,
                file=functions.path(function.name),
                line=call.line,
                note="after the commit" if call.how == "later" else "",
            )


def _reaching(functions: Functions, world: World) -> Iterator[Edge]:
    """Middleware and commands, from their app to the models of others that they touch."""
    middleware = tuple(f"{each}." for each in world.settings.texts("MIDDLEWARE"))
    for _, function in functions:
        kind = "command" if function.kind == "command" else None
        if middleware and f"{function.name}.".startswith(middleware):
            kind = "middleware"
        app = functions.app(function.name) if kind is not None else None
        if kind is None or app is None:
            continue
        for label in dict.fromkeys((*function.reads, *(w.model for w in function.writes))):
            if label.partition(".")[0] != app and functions.is_model(label):
                yield Edge(
                    kind=kind,  # type: ignore[arg-type]
                    source=app,
                    target=label,
                    field=function.name,
                    file=functions.path(function.name),
                    line=_line(function, label),
                )


def _line(function: FoundFunction, label: str) -> int:
    return next((w.line for w in function.writes if w.model == label), function.line)


def _transactions(functions: Functions, atomics: list[Atomic]) -> Iterator[Edge]:
    """From the model that stands for a transaction to those of other apps that it writes."""
    for atomic in atomics:
        first = functions.most_written(atomic.function, atomic.writes)
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


def _tag_libraries(places: Places, found: Mapping[str, Found]) -> dict[str, str]:
    """The app of each library of template tags, by the name that `{% load %}` has for it."""
    libraries = {}
    for module in found:
        _, is_library, name = module.rpartition(".templatetags.")
        app = places.app_of(module) if is_library else None
        if app is not None:
            libraries[name] = app
    return libraries


def _is_request_atomic(world: World) -> bool:
    """Whether Django wraps every view: ATOMIC_REQUESTS of a database, or a setting of that name."""
    databases = world.settings.values.get("DATABASES")
    if world.settings.values.get("ATOMIC_REQUESTS") is True:
        return True
    return isinstance(databases, dict) and any(
        isinstance(each, dict) and each.get("ATOMIC_REQUESTS") is True
        for each in databases.values()
    )
