"""Extracts -> the world: modules get names, settings are evaluated, apps and models are found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from operator import attrgetter
from pathlib import Path

import msgspec

from ramet.tools.assess.facts import Gap
from ramet.tools.assess.linking.apps import Apps, class_of_label, find_apps, guess_apps
from ramet.tools.assess.linking.asked import Asked
from ramet.tools.assess.linking.classes import Classes
from ramet.tools.assess.linking.last_run import LastRun
from ramet.tools.assess.linking.library import SearchPath, find_search_path
from ramet.tools.assess.linking.modules import (
    homes,
    import_roots,
    is_test,
    is_test_package,
    name_modules,
    roots_of_names,
)
from ramet.tools.assess.linking.names import Module, Names, Symbol
from ramet.tools.assess.linking.schema import Schema
from ramet.tools.assess.linking.values import Value, Values
from ramet.tools.assess.linking.world import World
from ramet.tools.assess.project import SettingsFound, find_settings, is_sample, settings_named
from ramet.tools.assess.source.extract import Assign, ClassDef, Extract
from ramet.tools.assess.source.extracting import extract
from ramet.tools.assess.source.store import Store, key_of
from ramet.tools.assess.source.walking import Files

__all__ = ["link"]


def link(
    root: Path,
    files: Files,
    extracts: Mapping[str, Extract],
    keys: Mapping[str, bytes],
    store: Store,
    venv: Path | None,
    pythonpath: Sequence[Path],
    settings: str | None,
) -> World:
    """All that follows from the extracts of a project's files."""
    asked = Asked()
    roots = import_roots(root, extracts)
    named = name_modules(root, extracts, roots, asked=asked)
    gaps: list[Gap] = []
    library = find_search_path(root, venv, pythonpath, files.installed, store, gaps)
    inside = _inside(root, pythonpath)
    given = settings_named(root, files)
    starts = roots_of_names([settings, *given] if settings else given, named, extracts)
    further = [*inside, *starts]
    if further:
        named = name_modules(root, extracts, roots, further_roots=further, asked=asked)
    names = Names(named, library, asked)
    found = find_settings(names, given, settings, inside)
    moved = homes(found.settings.texts("INSTALLED_APPS"), named, extracts)
    if moved:
        named = name_modules(root, extracts, roots, moved, further, asked)
        names = Names(named, library, asked)
        found = find_settings(names, given, settings, inside)
    modules = {module.path: module for each in named.values() for module in each}
    gaps += found.gaps
    # What was looked up for the settings did not know them yet.
    names = Names(named, library, asked)
    values = Values(names, found.settings.values)
    names.is_made = values.is_made
    classes = Classes(values)
    apps = find_apps(names, classes, found.settings.texts("INSTALLED_APPS"))
    if not found.is_of_tests:
        _accept_apps(apps, modules.values())
    packages = _packages_with_models(modules.values())
    if _must_guess(found, apps, packages):
        guess_apps(names, classes, apps, packages, modules.values())
    classes.of_label = partial(class_of_label, names, classes, apps)
    last_run = LastRun(
        store,
        asked,
        _basis(found, moved, further, apps, packages, library),
        extracts,
        keys,
        named,
        partial(_named_before, root, moved, further),
    )
    schema = _of_last_run(last_run)
    if schema is None:
        # What makes models of classes takes as long to import as a second run takes to read.
        from ramet.tools.assess.linking.registering import registered

        knows_apps = bool(found.modules) and "INSTALLED_APPS" not in found.settings.partial
        schema = registered(classes, apps, modules, keys, packages, last_run, with_apps=knows_apps)
        last_run.keep_schema(msgspec.msgpack.encode(schema))
    elif schema.user_model is not None:
        values.settings["AUTH_USER_MODEL"] = schema.user_model
    return World(
        modules=modules,
        keys=dict(keys),
        last_run=last_run,
        names=names,
        values=values,
        classes=classes,
        apps=apps,
        schema=schema,
        settings=found.settings,
        settings_modules=found.modules,
        gaps=gaps,
    )


def _inside(root: Path, pythonpath: Iterable[Path]) -> list[str]:
    """The folders of a search path that lie in the project, whose modules are its own."""
    folders = (folder.resolve() for folder in pythonpath)
    inside = [each.relative_to(root) for each in folders if each.is_relative_to(root)]
    return [each.as_posix() for each in inside if each.parts]


def _accept_apps(apps: Apps, modules: Iterable[Module]) -> None:
    """What the project installs is no test, though it may be called so; its own tests are."""
    called_tests = {app.package for app in apps.by_label.values() if is_test_package(app.package)}
    for module in modules if called_tests else ():
        app = apps.containing(module.name)
        if module.is_test and app is not None and app.package in called_tests:
            inner = module.name.removeprefix(f"{app.package}.").replace(".", "/")
            module.is_test = is_test(f"{inner}.py")


def _named_before(
    root: Path, moved: Mapping[str, str], further: Iterable[str], paths: Iterable[str]
) -> dict[str, list[Module]]:
    """All modules by their dotted names, as they were when the project had these files."""
    nothing = msgspec.msgpack.decode(extract(b""), type=Extract)
    extracts = dict.fromkeys(sorted(paths), nothing)
    return name_modules(root, extracts, import_roots(root, extracts), moved, further)


def _basis(
    found: SettingsFound,
    moved: Mapping[str, str],
    further: list[str],
    apps: Apps,
    packages: list[str],
    library: SearchPath,
) -> bytes:
    """A digest of what everything depends on: settings, apps, and what is installed."""
    told = (
        found.modules,
        found.is_named,
        found.is_of_tests,
        sorted(found.settings.partial),
        {name: _told(value) for name, value in found.settings.values.items()},
        moved,
        further,
        [(app.label, app.package, app.folder, app.is_own) for app in apps.by_label.values()],
        apps.unresolved,
        packages,
        library.state(),
    )
    return key_of(repr(told).encode(errors="surrogateescape"))


def _told(value: Value) -> object:
    if isinstance(value, list):
        return [_told(each) for each in value]
    if isinstance(value, dict):
        return [(_told(key), _told(each)) for key, each in value.items()]
    return (value.dotted,) if isinstance(value, Symbol) else value


def _of_last_run(last_run: LastRun) -> Schema | None:
    """The models of the last run, where no file that has one looks different."""
    if last_run.schema is None:
        return None
    schema = msgspec.msgpack.decode(last_run.schema, type=Schema)
    return schema if last_run.moved.isdisjoint(schema.paths) else None


def _must_guess(found: SettingsFound, apps: Apps, packages: list[str]) -> bool:
    """Whether INSTALLED_APPS may be more than could be read.

    Settings that nobody names are those of the project only where they install most of it.
    """
    own = {app.package for app in apps.by_label.values() if app.is_own}
    if not own or "INSTALLED_APPS" in found.settings.partial:
        return True
    return not found.is_named and len(own.intersection(packages)) * 2 < len(packages)


def _packages_with_models(modules: Iterable[Module]) -> list[str]:
    """Own packages that are apps by the look of them, samples and tests left out.

    One with models alone within another that has migrations or a configuration is a part of that.
    """
    with_models: dict[str, None] = {}
    telling = sorted(filter(_may_tell, modules), key=attrgetter("path"))
    for module in telling:
        package, _, last = module.name.rpartition(".")
        if last == "models" and not package.endswith((".models", ".migrations")):
            with_models[package] = None
    complete = _complete_packages(telling)
    return [
        *complete,
        *(
            package
            for package in with_models
            if package not in complete and not _is_within(package, complete)
        ),
    ]


def _may_tell(module: Module) -> bool:
    """Whether its package may be an app by the look of this module."""
    return (
        module.name.endswith((".models", ".migrations", ".apps"))
        and not module.is_test
        and not is_sample(module.path)
    )


def _complete_packages(telling: Iterable[Module]) -> dict[str, None]:
    """Packages with migrations, or with an AppConfig in their `apps`."""
    complete: dict[str, None] = {}
    for module in telling:
        package, _, last = module.name.rpartition(".")
        if (last == "migrations" and module.is_package) or (last == "apps" and _has_config(module)):
            complete[package] = None
    return complete


def _is_within(package: str, others: Mapping[str, None]) -> bool:
    while package := package.rpartition(".")[0]:
        if package in others:
            return True
    return False


def _has_config(module: Module) -> bool:
    """Whether it has what looks like an AppConfig: a class with a name in its body."""
    return any(
        isinstance(each, ClassDef)
        and each.bases
        and any(isinstance(inner, Assign) and inner.target == "name" for inner in each.body)
        for each in module.extract.body
    )
