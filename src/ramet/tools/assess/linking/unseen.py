"""What relations leave open: packages that were not read, apps that are not installed.

One gap for each such package or app, with its first place, not one for each line: a project without
its environment leans on the same ten packages in a thousand places.
"""

from __future__ import annotations

from collections.abc import Container, Iterator

from ramet.tools.assess.facts import Gap, GapKind
from ramet.tools.assess.linking.entries import FieldEntry
from ramet.tools.assess.linking.registry import Registry

__all__ = ["unseen"]

_Place = tuple[str, int]

_REMEDY = "Give the project's environment with --venv, or its own registry with --registry."


def unseen(registry: Registry, installed: Container[str], *, with_apps: bool) -> Iterator[Gap]:
    """Gaps about own models' bases and targets. A field without any target is told elsewhere.

    `installed` are labels of apps. `with_apps`: also of targets in apps that INSTALLED_APPS does
    not have. Without it, nobody knows.
    """
    bases: dict[str, list[_Place]] = {}
    packages: dict[str, list[_Place]] = {}
    apps: dict[str, list[_Place]] = {}
    for model in registry.models.values():
        if not model.is_own:
            continue
        for base in model.unread_bases:
            bases.setdefault(base, []).append((model.path, model.line))
        for field in model.fields.values():
            if field.is_relation and field.path and registry.target(field, model) is not None:
                _sort_target(field, installed, packages, apps)
    if registry.made:
        yield _made_gap(registry.made)
    yield from (_base_gap(base, places) for base, places in bases.items())
    yield from (_package_gap(package, places) for package, places in packages.items())
    if with_apps:
        yield from (_app_gap(app, places) for app, places in apps.items())


def _sort_target(
    field: FieldEntry,
    installed: Container[str],
    packages: dict[str, list[_Place]],
    apps: dict[str, list[_Place]],
) -> None:
    place = (field.path, field.line)
    if field.is_written and field.target is not None:
        app = field.target.rpartition(".")[0].partition(".")[0]
        if app and app not in installed:
            apps.setdefault(app, []).append(place)
    elif field.package:
        packages.setdefault(field.package, []).append(place)


def _made_gap(places: list[_Place]) -> Gap:
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
