"""Extracts -> the world: modules get names, settings are evaluated, apps and models are found."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

import msgspec

from ramet.tools.assess.facts import Gap
from ramet.tools.assess.linking.additions import find_additions
from ramet.tools.assess.linking.apps import Apps, class_of_label, find_apps, guess_apps
from ramet.tools.assess.linking.classes import Classes
from ramet.tools.assess.linking.fields import Fields
from ramet.tools.assess.linking.histories import add_histories
from ramet.tools.assess.linking.library import SearchPath, find_search_path
from ramet.tools.assess.linking.models import ModelClasses
from ramet.tools.assess.linking.modules import (
    homes,
    import_roots,
    is_test,
    is_test_package,
    name_modules,
    roots_of_names,
)
from ramet.tools.assess.linking.names import Module, Names
from ramet.tools.assess.linking.registry import Registry
from ramet.tools.assess.linking.returns import Returns
from ramet.tools.assess.linking.users import guess_user_model
from ramet.tools.assess.linking.values import Values
from ramet.tools.assess.linking.world import World
from ramet.tools.assess.project import SettingsFound, find_settings, is_sample, settings_named
from ramet.tools.assess.source.extract import Assign, ClassDef, Extract, Import
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
    roots = import_roots(root, extracts)
    named = name_modules(root, extracts, roots)
    gaps: list[Gap] = []
    returns = Returns()
    library = find_search_path(root, venv, pythonpath, files.installed, store, gaps)
    inside = _inside(root, pythonpath)
    given = settings_named(root, files)
    starts = roots_of_names([settings, *given] if settings else given, named, extracts)
    if further := [*inside, *starts]:
        named = name_modules(root, extracts, roots, further_roots=further)
    names = Names(named, library, returns)
    found = find_settings(names, given, settings, inside)
    if moved := homes(found.settings.texts("INSTALLED_APPS"), named, extracts):
        named = name_modules(root, extracts, roots, moved, further)
        names = Names(named, library, returns)
        found = find_settings(names, given, settings, inside)
    modules = {module.path: module for each in named.values() for module in each}
    gaps += found.gaps
    # What was looked up for the settings did not know them yet.
    names = Names(named, library, returns)
    values = Values(names, found.settings.values)
    names.is_made = values.is_made
    classes = Classes(values)
    apps = find_apps(names, classes, found.settings.texts("INSTALLED_APPS"))
    if not found.is_of_tests:
        _accept_apps(apps, modules.values())
    packages = _packages_with_models(modules.values(), names)
    if _must_guess(found, apps, packages):
        guess_apps(names, classes, apps, packages, modules.values())
    classes.of_label = partial(class_of_label, names, classes, apps)
    registry = Registry(ModelClasses(classes, Fields(classes), apps))
    outside = returns.since(store, _outside(modules.values(), found, library), modules, keys)
    _register(registry, modules.values(), packages, outside, store)
    return World(
        modules=modules,
        keys=dict(keys),
        outside=outside,
        names=names,
        values=values,
        classes=classes,
        apps=apps,
        model_classes=registry.classes,
        registry=registry,
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


class _Hints(msgspec.Struct, array_like=True):
    """What looking at every class of a project has told, good while no file looks different.

    `models` are the names of models by file, `additions` the files that have a part in adding
    fields from elsewhere; `user_model` is what had to be guessed.
    """

    models: dict[str, list[str]]
    additions: list[str]
    user_model: str | None


def _register(
    registry: Registry,
    modules: Iterable[Module],
    packages: list[str],
    outside: bytes,
    store: Store,
) -> None:
    """Find the models, and what makes or changes them from elsewhere."""
    classes = registry.classes
    settings = classes.classes.values.settings
    key = key_of(b"hints" + outside)
    kept = store.get(key)
    hints = msgspec.msgpack.decode(kept, type=_Hints) if kept is not None else None
    if hints is None:
        guess_user_model(modules, classes)
    elif hints.user_model is not None:
        settings["AUTH_USER_MODEL"] = hints.user_model
    adding = modules
    if hints is not None:
        paths = frozenset(hints.additions)
        adding = [module for module in modules if module.path in paths]
    parts = find_additions(adding, classes)
    if hints is not None:
        with_models = sorted(
            (module for module in modules if module.path in hints.models),
            key=lambda module: module.path,
        )
        registry.register(with_models, hints.models)
    else:
        names = classes.classes.values.names
        with_models = _modules_with_models(names, modules, classes.apps, packages)
        models = registry.register(with_models)
        hints = _Hints(models, parts, settings.get("AUTH_USER_MODEL"))
        store.put(key, msgspec.msgpack.encode(hints))
    add_histories(registry)


def _must_guess(found: SettingsFound, apps: Apps, packages: list[str]) -> bool:
    """Whether INSTALLED_APPS may be more than could be read.

    Settings that nobody names are those of the project only where they install most of it.
    """
    own = {app.package for app in apps.by_label.values() if app.is_own}
    if not own or "INSTALLED_APPS" in found.settings.partial:
        return True
    return not found.is_named and len(own.intersection(packages)) * 2 < len(packages)


def _packages_with_models(modules: Iterable[Module], names: Names) -> list[str]:
    """Own packages that are apps by the look of them, samples and tests left out.

    One with models alone within another that has migrations or a configuration is a part of that.
    """
    with_models: dict[str, None] = {}
    for module in sorted(modules, key=lambda module: module.path):
        package, _, last = module.name.rpartition(".")
        if (
            last == "models"
            and package
            and not package.endswith((".models", ".migrations"))
            and not (module.is_test or is_sample(module.path))
        ):
            with_models[package] = None
    complete = _complete_packages(modules, names)
    return [
        *complete,
        *(
            package
            for package in with_models
            if package not in complete and not _is_within(package, complete)
        ),
    ]


def _complete_packages(modules: Iterable[Module], names: Names) -> dict[str, None]:
    """Packages with migrations, or with an AppConfig in their `apps`."""
    complete: dict[str, None] = {}
    for module in sorted(modules, key=lambda module: module.path):
        package, _, last = module.name.rpartition(".")
        if not package or module.is_test or is_sample(module.path):
            continue
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


def _modules_with_models(
    names: Names, modules: Iterable[Module], apps: Apps, packages: list[str]
) -> list[Module]:
    """Those whose models would be registered: in apps, tests only where a test app is installed.

    A package that is an app by the look of it but not installed has none, even within another app;
    a `models` deeper in an app counts where the app's own models import it.
    """
    left_out = [package for package in packages if _is_left_out(apps, package)]
    reached = _reached_from_models(names, modules, apps)
    found = []
    for module in modules:
        if module.is_migration or any(
            module.name == package or module.name.startswith(package + ".") for package in left_out
        ):
            continue
        if module.path not in reached and _is_nested_models(apps, module):
            continue
        if module.is_test:
            app = apps.containing(module.name)
            if app is None or not is_test_package(app.package):
                continue
        found.append(module)
    return sorted(found, key=lambda module: module.path)


def _is_nested_models(apps: Apps, module: Module) -> bool:
    """Whether it is the `models` of a package within an app, not of the app itself."""
    package, _, last = module.name.rpartition(".")
    app = apps.containing(module.name)
    return last == "models" and app is not None and app.package != package


def _reached_from_models(names: Names, modules: Iterable[Module], apps: Apps) -> set[str]:
    """Paths of what apps' own `models` import, and of what that imports, where it matters."""
    if not any(_is_nested_models(apps, module) for module in modules):
        return set()
    starts = (names.find(f"{app.package}.models") for app in apps.by_label.values() if app.is_own)
    waiting = [module for module in starts if module is not None]
    reached: set[str] = set()
    while waiting:
        module = waiting.pop()
        if module.path in reached or not module.is_own:
            continue
        reached.add(module.path)
        for statement in module.extract.body:
            if isinstance(statement, Import) and not statement.is_typing:
                source = names.absolute(module, statement.module)
                for name in (source, f"{source}.{statement.name}"):
                    found = names.find(name, module)
                    if found is not None:
                        waiting.append(found)
    return reached


def _is_left_out(apps: Apps, package: str) -> bool:
    app = apps.containing(package)
    return app is not None and app.package != package


def _outside(modules: Iterable[Module], found: SettingsFound, library: SearchPath) -> bytes:
    digest = hashlib.blake2b(digest_size=16)
    for module in sorted(modules, key=lambda module: module.path):
        digest.update(module.path.encode())
        digest.update(module.extract.outside)
    installed = found.settings.texts("INSTALLED_APPS")
    digest.update(repr((found.modules, found.is_named, installed, library.state())).encode())
    return digest.digest()
