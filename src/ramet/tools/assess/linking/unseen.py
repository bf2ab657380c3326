"""What relations leave open: packages that were not read, apps that are not installed.

One gap for each such package or app, with its first place, not one for each line: a project without
its environment leans on the same ten packages in a thousand places.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ramet.tools.assess.facts import Gap, GapKind
from ramet.tools.assess.linking.fields import Field
from ramet.tools.assess.linking.known.models import known_model
from ramet.tools.assess.linking.models import ModelClass
from ramet.tools.assess.linking.names import Symbol
from ramet.tools.assess.linking.registry import Registry

__all__ = ["unseen"]

_Place = tuple[str, int]

# Bases of other kinds, which bring no fields.
_NO_MODELS = ("django.", "typing.", "abc.", "enum.", "collections.", "typing_extensions.")
_REMEDY = "Give the project's environment with --venv, or its own registry with --registry."


def unseen(registry: Registry, *, with_apps: bool) -> Iterator[Gap]:
    """Gaps about own models' bases and targets. A field without any target is told elsewhere.

    `with_apps`: also of those in apps that INSTALLED_APPS does not have. Without it, nobody knows.
    """
    bases: dict[str, list[_Place]] = {}
    packages: dict[str, list[_Place]] = {}
    apps: dict[str, list[_Place]] = {}
    for model in registry.models.values():
        if not model.is_own or model.cls.definition is None or model.cls.module is None:
            continue
        for base in _unread_bases(model):
            place = (model.cls.module.path, model.cls.definition.line)
            bases.setdefault(base, []).append(place)
        for field in model.fields.values():
            if field.is_relation and field.path and registry.target(field, model) is not None:
                _sort_target(registry, field, packages, apps)
    if registry.made:
        yield _made_gap(registry)
    yield from (_base_gap(base, places) for base, places in bases.items())
    yield from (_package_gap(package, places) for package, places in packages.items())
    if with_apps:
        yield from (_app_gap(app, places) for app, places in apps.items())


def _unread_bases(model: ModelClass) -> Iterable[str]:
    return [
        base.dotted
        for base in model.cls.mro
        if base.definition is None
        and not base.dotted.startswith(_NO_MODELS)
        and known_model(base.dotted) is None
    ]


def _sort_target(
    registry: Registry,
    field: Field,
    packages: dict[str, list[_Place]],
    apps: dict[str, list[_Place]],
) -> None:
    target = field.target
    place = (field.path, field.line)
    if isinstance(target, str):
        app = target.partition(".")[0] if "." in target else ""
        if app and app not in registry.classes.apps.by_label:
            apps.setdefault(app, []).append(place)
    elif (
        isinstance(target, Symbol)
        and target.module is None
        and not target.dotted.startswith("django.")
        and known_model(target.dotted) is None
    ):
        packages.setdefault(target.dotted.partition(".")[0], []).append(place)


def _made_gap(registry: Registry) -> Gap:
    places = [
        (cls.module.path, cls.definition.line)
        for cls in registry.made
        if cls.module is not None and cls.definition is not None
    ]
    return _gap_at(
        "made-by-metaclass",
        places,
        found=f"{_count(places, 'class')} that a metaclass makes proxies of other models",
        why="They are models only once something imports them, so they were left out.",
        remedy="Give the project's own registry with --registry.",
    )


def _base_gap(base: str, places: list[_Place]) -> Gap:
    return _gap_at(
        "unresolved-base",
        places,
        found=f"{_count(places, 'model')} with the base {base}, which was not read",
        why="What the base relates to is not seen, nor whether it has a table of its own.",
        remedy=_REMEDY,
    )


def _package_gap(package: str, places: list[_Place]) -> Gap:
    return _gap_at(
        "package-not-read",
        places,
        found=f"{_count(places, 'relation')} with models of {package}, which was not read",
        why="The label of each is the one that such a package usually has.",
        remedy=_REMEDY,
    )


def _app_gap(app: str, places: list[_Place]) -> Gap:
    return _gap_at(
        "app-not-installed",
        places,
        found=f"{_count(places, 'relation')} with models of the app {app}",
        why="INSTALLED_APPS, as far as it could be read, has no such app.",
        remedy="Name the settings module that installs it with --settings.",
    )


def _gap_at(kind: GapKind, places: list[_Place], *, found: str, why: str, remedy: str) -> Gap:
    """One gap for all of them, at the first."""
    path, line = min(places)
    return Gap(kind=kind, file=path, line=line, found=found, why=why, remedy=remedy)


def _count(places: list[_Place], noun: str) -> str:
    count = len(set(places))
    if count == 1:
        return f"1 {noun}"
    return f"{count} {noun}es" if noun.endswith("s") else f"{count} {noun}s"
