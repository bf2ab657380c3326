"""Extracts -> the world: modules get names, settings are evaluated, apps and models are found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from ramet.tools.assess.facts import Gap
from ramet.tools.assess.linking.additions import find_additions
from ramet.tools.assess.linking.apps import Apps, class_of_label, find_apps, guess_apps
from ramet.tools.assess.linking.asked import Asked
from ramet.tools.assess.linking.classes import Classes
from ramet.tools.assess.linking.fields import Fields
from ramet.tools.assess.linking.histories import add_histories
from ramet.tools.assess.linking.last_run import LastRun
from ramet.tools.assess.linking.library import SearchPath, find_search_path
from ramet.tools.assess.linking.models import ModelClasses
from ramet.tools.assess.linking.modules import homes, import_roots, is_test, name_modules
from ramet.tools.assess.linking.names import Module, Names, Symbol
from ramet.tools.assess.linking.registry import Registry
from ramet.tools.assess.linking.users import user_models
from ramet.tools.assess.linking.values import Value, Values
from ramet.tools.assess.linking.visible import IMPORTS
from ramet.tools.assess.linking.world import World
from ramet.tools.assess.project import SettingsFound, find_settings, is_sample
from ramet.tools.assess.source.extract import Assign, ClassDef, Extract, Import
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
    library = find_search_path(root, venv, pythonpath, store, gaps)
    names = Names(named, library, asked)
    found = find_settings(root, files, names, settings)
    moved = homes(found.settings.texts("INSTALLED_APPS"), named, extracts)
    if moved:
        named = name_modules(root, extracts, roots, moved, asked)
        names = Names(named, library, asked)
        found = find_settings(root, files, names, settings)
    modules = {module.path: module for each in named.values() for module in each}
    gaps += found.gaps
    # What was looked up for the settings did not know them yet.
    names = Names(named, library, asked)
    values = Values(names, found.settings.values)
    names.is_made = values.is_made
    classes = Classes(values)
    apps = find_apps(names, classes, found.settings.texts("INSTALLED_APPS"))
    packages = _packages_with_models(modules.values(), names)
    if _must_guess(found, apps, packages):
        guess_apps(names, classes, apps, packages, modules.values())
    classes.of_label = partial(class_of_label, names, classes, apps)
    last_run = LastRun(
        store,
        asked,
        _basis(found, moved, apps, packages, library),
        extracts,
        keys,
        named,
        partial(_named_before, root, moved),
    )
    registry = Registry(ModelClasses(classes, Fields(classes), apps))
    _Registering(registry, last_run, keys).register(modules, packages)
    return World(
        modules=modules,
        keys=dict(keys),
        last_run=last_run,
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


def _named_before(
    root: Path, moved: Mapping[str, str], paths: Iterable[str]
) -> dict[str, list[Module]]:
    """All modules by their dotted names, as they were when the project had these files."""
    nothing = msgspec.msgpack.decode(extract(b""), type=Extract)
    extracts = dict.fromkeys(sorted(paths), nothing)
    return name_modules(root, extracts, import_roots(root, extracts), moved)


def _basis(
    found: SettingsFound,
    moved: Mapping[str, str],
    apps: Apps,
    packages: list[str],
    library: SearchPath,
) -> bytes:
    """A digest of what everything depends on: settings, apps, and what is installed."""
    told = (
        found.modules,
        found.is_named,
        {name: _told(value) for name, value in found.settings.values.items()},
        moved,
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


_Found = TypeVar("_Found")


class _Registering:
    """Finds the models, and what makes or changes them from elsewhere.

    What a file has of it is looked for again only where the file has changed, or what it asked for.
    """

    def __init__(self, registry: Registry, last_run: LastRun, keys: Mapping[str, bytes]) -> None:
        self._registry = registry
        self._last_run = last_run
        self._keys = keys

    def register(self, modules: Mapping[str, Module], packages: list[str]) -> None:
        classes = self._registry.classes
        settings = classes.classes.values.settings
        names = classes.classes.values.names
        every = list(modules.values())
        if not settings.get("AUTH_USER_MODEL"):
            users = {
                user
                for module in every
                if not (module.is_test or module.is_migration)
                for user in self._of(module, "users", lambda m: user_models(m, classes))
            }
            if len(users) == 1:
                settings["AUTH_USER_MODEL"] = users.pop()
        adding = self._of(None, "additions", lambda _: find_additions(every, classes), modules)
        find_additions([modules[path] for path in adding], classes)
        found = self._of(
            None,
            "modules with models",
            lambda _: _modules_with_models(names, every, classes.apps, packages),
            modules,
        )
        for path in found:
            module = modules[path]
            self._registry.register(module, self._of(module, "models", self._registry.models_in))
        add_histories(self._registry)

    def _of(
        self,
        module: Module | None,
        step: str,
        work_out: Callable[[Any], Iterable[_Found]],
        modules: Iterable[str] = (),
    ) -> Sequence[_Found]:
        """What a step finds in a module, or without one in all of them, whose paths are given."""
        user = str(self._registry.classes.classes.values.settings.get("AUTH_USER_MODEL"))
        if module is not None:
            path, of = module.path, self._keys[module.path] + module.name.encode()
        else:
            path, of = "", key_of("\0".join(modules).encode(errors="surrogateescape"))
        of += user.encode()
        kept = self._last_run.get(step, path, of)
        if kept is None:
            with self._registry.classes.classes.values.names.asked.work() as work:
                found = msgspec.msgpack.encode(list(work_out(module)))
            kept = self._last_run.put(step, path, of, found, work)
        decoded: Sequence[_Found] = msgspec.msgpack.decode(kept)
        return decoded


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
) -> list[str]:
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
            if app is None or not _is_test_package(app.package):
                continue
        found.append(module.path)
    return sorted(found)


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
        module.note(IMPORTS)
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


def _is_test_package(package: str) -> bool:
    return is_test(package.replace(".", "/") + "/models.py")
