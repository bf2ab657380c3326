"""Extracts -> the world: modules get names, settings are evaluated, apps and models are found."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from ramet.tools.assess.facts import Gap
from ramet.tools.assess.linking.additions import find_additions
from ramet.tools.assess.linking.apps import Apps, find_apps, guess_apps, is_config
from ramet.tools.assess.linking.classes import Classes
from ramet.tools.assess.linking.fields import Fields
from ramet.tools.assess.linking.library import SitePackages, site_packages
from ramet.tools.assess.linking.models import ModelClasses
from ramet.tools.assess.linking.modules import import_roots, name_modules
from ramet.tools.assess.linking.names import Module, Names
from ramet.tools.assess.linking.registry import Registry
from ramet.tools.assess.linking.values import Values
from ramet.tools.assess.linking.world import World
from ramet.tools.assess.project import SettingsFound, find_settings, is_sample
from ramet.tools.assess.source.extract import ClassDef, Extract
from ramet.tools.assess.source.store import Store
from ramet.tools.assess.source.walking import Files

__all__ = ["link"]


def link(
    root: Path,
    files: Files,
    extracts: Mapping[str, Extract],
    keys: Mapping[str, bytes],
    store: Store,
    venv: Path | None,
    settings: str | None,
) -> World:
    """All that follows from the extracts of a project's files."""
    roots = import_roots(root, extracts)
    named = name_modules(root, extracts, roots)
    gaps: list[Gap] = []
    names = Names(named, _library(venv, store, gaps))
    modules = {module.path: module for each in named.values() for module in each}
    found = find_settings(root, files, names, settings)
    gaps += found.gaps
    values = Values(names, found.settings.values)
    classes = Classes(values)
    apps = find_apps(names, classes, found.settings.texts("INSTALLED_APPS"))
    if _must_guess(found, apps):
        guess_apps(names, classes, apps, _packages_with_models(modules.values(), classes))
    model_classes = ModelClasses(classes, Fields(classes), apps)
    registry = Registry(model_classes)
    find_additions(modules.values(), model_classes)
    registry.register(_modules_with_models(modules.values(), apps))
    return World(
        modules=modules,
        keys=dict(keys),
        outside=_outside(modules.values(), found),
        names=names,
        values=values,
        classes=classes,
        apps=apps,
        model_classes=model_classes,
        registry=registry,
        settings=found.settings,
        settings_modules=found.modules,
        gaps=gaps,
    )


def _library(venv: Path | None, store: Store, gaps: list[Gap]) -> SitePackages | None:
    if venv is None:
        return None
    folders = site_packages(venv)
    if folders:
        return SitePackages(folders[0], store)
    gaps.append(
        Gap(
            kind="no-site-packages",
            file="",
            line=0,
            found=f"no lib/python3.*/site-packages in {venv.name}",
            why="Installed packages were not read.",
            remedy="Give the folder of the virtual environment with --venv.",
        )
    )
    return None


def _must_guess(found: SettingsFound, apps: Apps) -> bool:
    """Whether INSTALLED_APPS may be more than could be read."""
    return (
        not found.is_named
        or "INSTALLED_APPS" in found.settings.partial
        or not any(app.is_own for app in apps.by_label.values())
    )


def _packages_with_models(modules: Iterable[Module], classes: Classes) -> list[str]:
    """Own packages that are apps by the look of them, samples and tests left out."""
    packages: dict[str, None] = {}
    for module in sorted(modules, key=lambda module: module.path):
        if module.is_test or is_sample(module.path):
            continue
        last = module.name.rpartition(".")[2]
        package = module.name.rpartition(".")[0]
        if not package:
            continue
        if last == "models" or last == "migrations" and module.is_package:
            packages[package] = None
        elif last == "apps" and any(
            isinstance(each, ClassDef) and is_config(classes.of_definition(module, each))
            for each in module.extract.body
        ):
            packages[package] = None
    return list(packages)


def _modules_with_models(modules: Iterable[Module], apps: Apps) -> list[Module]:
    """Those whose models would be registered: in apps, tests only where a test app is installed."""
    found = []
    for module in modules:
        if module.is_migration:
            continue
        if module.is_test:
            app = apps.containing(module.name)
            if app is None or not _is_test_package(app.package):
                continue
        found.append(module)
    return sorted(found, key=lambda module: module.path)


def _is_test_package(package: str) -> bool:
    from ramet.tools.assess.linking.modules import is_test

    return is_test(package.replace(".", "/") + "/models.py")


def _outside(modules: Iterable[Module], found: SettingsFound) -> bytes:
    digest = hashlib.blake2b(digest_size=16)
    for module in sorted(modules, key=lambda module: module.path):
        digest.update(module.path.encode())
        digest.update(module.extract.outside)
    digest.update(repr(found.modules).encode())
    return digest.digest()
