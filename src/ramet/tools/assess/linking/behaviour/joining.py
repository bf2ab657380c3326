"""What all files found -> edges, functions, transactions: what needs the whole project at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import count
from operator import attrgetter
from typing import NamedTuple

import msgspec

from ramet.tools.assess.facts import Atomic, Edge, Function, Gap
from ramet.tools.assess.linking.behaviour.gaps import summed
from ramet.tools.assess.linking.behaviour.imports import import_edges
from ramet.tools.assess.linking.behaviour.parting import Linked, parts_of
from ramet.tools.assess.linking.behaviour.parts import Part
from ramet.tools.assess.linking.behaviour.places import Places
from ramet.tools.assess.linking.behaviour.routes import Routes
from ramet.tools.assess.linking.behaviour.template_edges import template_edges
from ramet.tools.assess.linking.behaviour.templates import TemplateUse, template_uses
from ramet.tools.assess.linking.world import World
from ramet.tools.assess.source.store import key_of
from ramet.tools.assess.source.texts import Texts

__all__ = ["Joined", "join"]

_EDGES = msgspec.msgpack.Decoder(list[Edge])
_NAMED = msgspec.msgpack.Decoder(dict[str, list[TemplateUse]])


class Joined(NamedTuple):
    """What is added to a scan. Edges are in no order, the others in that of file and line."""

    edges: list[Edge]
    functions: list[Function]
    atomics: list[Atomic]
    gaps: list[Gap]


def join(world: World, linked: Mapping[str, Linked], templates: Texts, layout: bytes) -> Joined:
    """All edges of behaviour. `linked` is by module's dotted name, `layout` that of the world."""
    places = Places(world)
    basis = _basis(world, linked, layout)
    parts = parts_of(world, places, linked, basis)
    routes = Routes(parts, linked, places)
    owners = places.owners_of_templates(templates.keys)
    edges: list[Edge] = []
    for part in parts.values():
        edges += part.edges
        edges += _uses(part, routes, owners)
    edges += _imports(parts, places, world, basis)
    edges += _signals(parts, places)
    edges += _calls(parts)
    for part in parts.values():
        edges += part.reaching
    for part in parts.values():
        edges += part.transactions
    named = _named_by(templates, world)
    edges += template_edges(named, owners, places, routes, _tag_libraries(linked, places))
    functions = [function for part in parts.values() for function in part.functions]
    atomics = [atomic for part in parts.values() for atomic in part.atomics]
    return Joined(
        _once(edges),
        sorted(functions, key=attrgetter("file", "line")),
        sorted(atomics, key=attrgetter("file", "line")),
        summed(parts, places),
    )


def _imports(parts: Mapping[str, Part], places: Places, world: World, basis: bytes) -> list[Edge]:
    """Those of imports, as in the last run where no module imports anything else.

    Lines shift with every change above them, so an edge is kept with the number of its import.
    """
    numbers, lines = count(), [each[1] for part in parts.values() for each in part.imports]
    made = {
        module: [(target, next(numbers), flags) for target, _, flags in part.imports]
        for module, part in parts.items()
        if part.imports
    }
    of = key_of(basis + msgspec.msgpack.encode(made))
    kept = world.last_run.get("imports", "", of)
    if kept is None:
        with world.names.asked.work() as work:
            found = msgspec.msgpack.encode(list(import_edges(made, places.app_of, places.path_of)))
        kept = world.last_run.put("imports", "", of, found, work)
    edges = _EDGES.decode(kept.found)
    return [msgspec.structs.replace(edge, line=lines[edge.line]) for edge in edges]


def _basis(world: World, linked: Mapping[str, Linked], layout: bytes) -> bytes:
    """A digest of what every part depends on: which modules and models there are, and where."""
    told = [str(world.settings.values.get("AUTH_USER_MODEL")), "", *linked]
    for model in world.schema.known:
        told += "", model.label, model.dotted
    return key_of(layout + "\0".join(told).encode(errors="surrogateescape"))


def _uses(part: Part, routes: Routes, templates: Mapping[str, str]) -> Iterator[Edge]:
    """Those of a part, with the app of each URL, and of each template by its loader's name."""
    for use in part.uses:
        if use.target:
            yield use
            continue
        target = routes.app(use.field) if use.kind == "url" else templates.get(use.field)
        if target is not None:
            yield msgspec.structs.replace(use, target=target)


def _once(edges: list[Edge]) -> list[Edge]:
    """Each edge once, and none from an app to itself or to one of its own models."""
    first: dict[tuple[object, ...], Edge] = {}
    for key, edge in zip(map(_SAME, edges), edges, strict=True):
        if key not in first and _is_told(edge):
            first[key] = edge
    return list(first.values())


_SAME = attrgetter("kind", "source", "target", "field", "file", "line")
"""What tells edges apart."""


def _is_told(edge: Edge) -> bool:
    source, target = edge.source, edge.target
    if source == target:
        return edge.kind in ("lookup", "accessor")
    if "." not in source:
        return target.partition(".")[0] != source
    return "." in target or source.partition(".")[0] != target


def _signals(parts: Mapping[str, Part], places: Places) -> Iterator[Edge]:
    """From the sender's model, or from who sends a signal of the project, to what is written."""
    senders: dict[str, dict[str, None]] = {}
    for part in parts.values():
        for signal, source in part.sends:
            senders.setdefault(signal, {})[source] = None
    for module, part in parts.items():
        for receiver, targets, via in part.heard:
            sources = [receiver.sender] if receiver.sender else senders.get(receiver.signal, ())
            for source in sources:
                for target in targets:
                    yield Edge(
                        kind="signal",
                        source=source,
                        target=target,
                        field=receiver.signal.rpartition(".")[2],
                        file=places.path_of(module),
                        line=receiver.line,
                        note=via,
                    )


def _calls(parts: Mapping[str, Part]) -> Iterator[Edge]:
    """Calls and tasks between functions of two apps, or of two models.

    A function that touches no model is told once for each that calls it: it can be copied or moved.
    """
    told = set()
    for part in parts.values():
        for edge in part.calls:
            if "." not in edge.target:
                once = (edge.source, edge.target, edge.field)
                if once in told:
                    continue
                told.add(once)
            yield edge


def _named_by(templates: Texts, world: World) -> dict[str, list[TemplateUse]]:
    """What each template names, as in the last run where none has changed."""
    kept = world.last_run.get("templates", "", templates.key)
    if kept is not None:
        return _NAMED.decode(kept.found)
    with world.names.asked.work() as work:
        named = {path: template_uses(text) for path, text in templates.read().items()}
    world.last_run.put("templates", "", templates.key, msgspec.msgpack.encode(named), work)
    return named


def _tag_libraries(modules: Iterable[str], places: Places) -> dict[str, str]:
    """The app of each library of template tags, by the name that `{% load %}` has for it."""
    libraries = {}
    for module in modules:
        _, is_library, name = module.rpartition(".templatetags.")
        app = places.app_of(module) if is_library else None
        if app is not None:
            libraries[name] = app
    return libraries
