"""What the source says and what the registry says, made one: each fact tells who knows it.

Of an app that is installed the registry knows every relation, so what the source has besides is a
misreading, or of another configuration: it becomes a gap. Of an app that these settings do not
install the registry knows nothing; there the source stays right, and a gap says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec

from ramet.tools.assess.evidence.registered import RegisteredModel, Registry, Relation
from ramet.tools.assess.facts import RELATION_KINDS, App, Edge, Function, Gap, Known, Model, Scan

__all__ = ["merged"]

Key = tuple[str, str, str, str]

COPIED = "copied by Django from a concrete parent"
AT_RUN_TIME = "no class assigns it: added while the project runs"


def merged(scan: Scan, registry: Registry, root: Path) -> Scan:
    """Return `scan`, of the folder `root`, with the models, relations, receivers of `registry`."""
    places = _Places(root)
    relations = _relations(scan, registry, places)
    return msgspec.structs.replace(
        scan,
        apps=_apps(scan, registry, places),
        models=_models(scan, registry, relations, places),
        edges=_in_order([*_behaviour(scan, registry, places), *relations]),
        functions=_functions(scan, registry, places),
        gaps=[*scan.gaps, *_gaps(scan, registry, relations)],
    )


class _Places:
    """Files of the machine that the probe ran on, as the report writes them."""

    def __init__(self, root: Path) -> None:
        self.root = str(root.resolve()) + "/"

    def is_own(self, file: str) -> bool:
        """Below the project's root, and not of an environment that lies there too."""
        return file.startswith(self.root) and "/site-packages/" not in file[len(self.root) :]

    def shown(self, file: str) -> str:
        """From the root, or from the folder of packages; else the name alone."""
        if self.is_own(file):
            return file[len(self.root) :]
        _, _, within = file.rpartition("/site-packages/")
        return within if within != file else file.rpartition("/")[2]


# Relations


def _relations(scan: Scan, registry: Registry, places: _Places) -> list[Edge]:
    """Every relation of the project's own models, once."""
    own = {each.label for each in registry.models if places.is_own(each.file)}
    asked = {_key(each): each for each in registry.relations if _is_told(each, own)}
    resolved = {(each.source, each.field): each for each in asked.values()}
    # A relation that a reader may leave out (a copy on a proxy) is confirmed where he has it.
    confirmed = {_key(each) for each in registry.relations}
    installed = {each.label for each in registry.apps}
    found: dict[Key, Edge] = {}
    for edge in scan.edges:
        if edge.kind not in RELATION_KINDS:
            continue
        told = resolved.get((edge.source, edge.field))
        if _key(edge) in confirmed:
            through = edge.through or (told.through if told else None)
            found[_key(edge)] = msgspec.structs.replace(edge, known="both", through=through)
        elif edge.source.partition(".")[0] not in installed:
            found[_key(edge)] = edge
    for key, relation in asked.items():
        if key not in found:
            found[key] = _edge(relation, scan, places)
    return list(found.values())


def _is_told(relation: Relation, own: set[str]) -> bool:
    return relation.source in own and not relation.is_auto


def _edge(relation: Relation, scan: Scan, places: _Places) -> Edge:
    return Edge(
        kind=relation.kind,
        source=relation.source,
        target=relation.target,
        field=relation.field,
        file=places.shown(relation.file),
        line=relation.line,
        known="registry",
        through=relation.through,
        note=_why_unseen(relation, scan, places),
    )


def _why_unseen(relation: Relation, scan: Scan, places: _Places) -> str:
    """What made a reader of the source miss it."""
    if relation.is_copied:
        return COPIED
    if relation.home is None and relation.field:
        return AT_RUN_TIME
    if relation.home is not None and not places.is_own(relation.file):
        return f"inherited from {relation.home}"
    for edge in scan.edges:
        is_same = (edge.source, edge.field) == (relation.source, relation.field)
        if is_same and edge.kind in RELATION_KINDS:
            return f"the source was read as {edge.kind} to {edge.target}"
    return ""


def _key(relation: Edge | Relation) -> Key:
    return (relation.kind, relation.source, relation.target, relation.field)


# Models and apps


def _models(scan: Scan, registry: Registry, relations: list[Edge], places: _Places) -> list[Model]:
    """Those of the project, and of packages those that a relation leads to."""
    read = {each.label: each for each in scan.models}
    asked = {each.label: each for each in registry.models}
    found = {label: each for label, each in read.items() if label not in asked}
    wanted = {label for edge in relations for label in (edge.source, edge.target)}
    for label, told in asked.items():
        model = read.get(label)
        is_own = places.is_own(told.file)
        if model is not None and model.is_own == is_own:
            table = model.table or told.table
            found[label] = msgspec.structs.replace(model, known="both", table=table)
        elif (is_own and not (told.is_auto or told.is_swapped)) or label in wanted:
            found[label] = _model(told, places, "registry" if model is None else "both")
    return sorted(found.values(), key=lambda each: (each.file, each.line, each.label))


def _model(told: RegisteredModel, places: _Places, known: Known) -> Model:
    return Model(
        label=told.label,
        app=told.app,
        file=places.shown(told.file),
        line=told.line,
        is_own=places.is_own(told.file),
        is_proxy=told.is_proxy,
        table=told.table,
        known=known,
    )


def _apps(scan: Scan, registry: Registry, places: _Places) -> list[App]:
    known = {each.label for each in scan.apps}
    more = [
        App(
            label=each.label,
            package=each.package,
            file=places.shown(each.file),
            is_own=places.is_own(each.file + "/"),
        )
        for each in registry.apps
        if each.label not in known
    ]
    return [*scan.apps, *(each for each in more if each.is_own or _is_needed(each, scan))]


def _is_needed(app: App, scan: Scan) -> bool:
    return any(each.app == app.label for each in scan.models)


# Receivers and views


def _behaviour(scan: Scan, registry: Registry, places: _Places) -> Iterator[Edge]:
    """Everything that is no relation. A static edge names its receiver in `note`."""
    app_of = _app_of(registry, places)
    owners = {each.through: each.source for each in registry.relations if each.through}
    automatic = {each.label for each in registry.models if each.is_auto}
    connected = {(each.name, _bare(each.signal)) for each in registry.receivers}
    seen: set[tuple[str, str, str | None]] = set()
    for edge in scan.edges:
        if edge.kind == "signal" and (edge.note, edge.field) in connected:
            seen.add((edge.note, edge.field, edge.source))
            yield msgspec.structs.replace(edge, known="both")
        elif edge.kind not in RELATION_KINDS:
            yield edge
    for each in registry.receivers:
        # `m2m_changed` is sent by the through model, which Django may have made itself.
        sender = owners.get(each.sender) if each.sender in automatic else each.sender
        app = app_of(each.file)
        key = (each.name, _bare(each.signal), sender)
        if sender is None or app in ("", sender.partition(".")[0]) or key in seen:
            continue  # what an app does with its own models couples it with nobody
        seen.add(key)
        yield Edge(
            kind="signal",
            source=sender,
            target=app,
            field=_bare(each.signal),
            file=places.shown(each.file),
            line=each.line,
            known="registry",
            note=each.name,
        )


def _bare(dotted: str) -> str:
    return dotted.rpartition(".")[2]


def _app_of(registry: Registry, places: _Places) -> _AppOf:
    return _AppOf([(each.file.rstrip("/") + "/", each.label) for each in registry.apps], places)


class _AppOf:
    """The label of the own app that a file lies in, the deepest one; "" where there is none."""

    def __init__(self, folders: list[tuple[str, str]], places: _Places) -> None:
        own = [each for each in folders if places.is_own(each[0])]
        self.folders = sorted(own, key=lambda each: -len(each[0]))

    def __call__(self, file: str) -> str:
        return next((label for folder, label in self.folders if file.startswith(folder)), "")


def _functions(scan: Scan, registry: Registry, places: _Places) -> list[Function]:
    """What the URL map leads to is a view, whatever it looks like."""
    views = {each.name for each in registry.urls if places.is_own(each.file)}
    lines = {(places.shown(each.file), each.line) for each in registry.urls}
    return [
        msgspec.structs.replace(each, kind="view")
        if each.kind == "function"
        and (each.name in views or (each.file, each.line) in lines or _class_of(each) in views)
        else each
        for each in scan.functions
    ]


def _class_of(function: Function) -> str:
    return function.name.rpartition(".")[0]


# What the two do not agree on


def _gaps(scan: Scan, registry: Registry, relations: list[Edge]) -> Iterator[Gap]:
    for problem in registry.problems:
        yield Gap(
            kind="registry-incomplete",
            file="",
            line=0,
            found=problem,
            why="The project failed when it was asked for this.",
            remedy="Run `python manage.py check` in the project's environment.",
        )
    kept = {_key(each) for each in relations}
    named = {(each.source, each.field) for each in relations}
    for edge in scan.edges:
        is_other = (edge.source, edge.field) in named and edge.field
        if edge.kind in RELATION_KINDS and _key(edge) not in kept and not is_other:
            yield _disagreement(edge)
    apps = Counter(each.source.partition(".")[0] for each in relations if each.known == "static")
    folders = {each.label: each.file for each in scan.apps}
    for app, count in sorted(apps.items()):
        yield Gap(
            kind="app-not-installed",
            file=folders.get(app, ""),
            line=0,
            found=f"{app}: {count} relations in its source, none in the registry",
            why=f"INSTALLED_APPS of {registry.settings} has no app with this label.",
            remedy="Give --settings of a configuration that installs it, or leave it as read.",
        )


def _disagreement(edge: Edge) -> Gap:
    name = f"{edge.source}.{edge.field}" if edge.field else edge.source
    return Gap(
        kind="registry-disagrees",
        file=edge.file,
        line=edge.line,
        found=f"{edge.kind} {name} -> {edge.target}, which Django's registry does not have",
        why="It was misread, or it is made only under other settings than those that were asked.",
        remedy="Nothing: it is left out. Give --settings of a configuration that has it.",
    )


def _in_order(edges: list[Edge]) -> list[Edge]:
    return sorted(
        edges, key=lambda each: (each.file, each.line, each.kind, each.source, each.field)
    )
