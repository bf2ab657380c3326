"""Classes -> the registry of models -> the schema, each step again only where it must be."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import TypeVar

import msgspec

from ramet.tools.assess.facts import Model
from ramet.tools.assess.linking.additions import find_additions
from ramet.tools.assess.linking.apps import Apps
from ramet.tools.assess.linking.building import entries_in
from ramet.tools.assess.linking.classes import Classes
from ramet.tools.assess.linking.entries import InFile
from ramet.tools.assess.linking.fields import Fields
from ramet.tools.assess.linking.histories import add_histories
from ramet.tools.assess.linking.last_run import LastRun
from ramet.tools.assess.linking.models import ADDED, ModelClasses
from ramet.tools.assess.linking.modules import is_test_package
from ramet.tools.assess.linking.names import Module, Names
from ramet.tools.assess.linking.queries.models import known_models, relations_of
from ramet.tools.assess.linking.registry import Registry
from ramet.tools.assess.linking.relations import relations
from ramet.tools.assess.linking.schema import Schema
from ramet.tools.assess.linking.unseen import unseen
from ramet.tools.assess.linking.users import user_models
from ramet.tools.assess.linking.visible import IMPORTS
from ramet.tools.assess.source.extract import Import
from ramet.tools.assess.source.store import key_of

__all__ = ["registered"]


def registered(
    classes: Classes,
    apps: Apps,
    modules: Mapping[str, Module],
    keys: Mapping[str, bytes],
    packages: list[str],
    last_run: LastRun,
    *,
    with_apps: bool,
) -> Schema:
    """The schema of a project. AUTH_USER_MODEL is set where it had to be guessed.

    `modules` are all of the project by path, `keys` their contents' keys, `packages` those that
    look like apps, `with_apps` is of `unseen`.
    """
    registering = _Registering(_of(classes, apps), last_run, keys)
    return _schema(registering.register(modules, packages), classes, apps, with_apps=with_apps)


def _of(classes: Classes, apps: Apps) -> ModelClasses:
    return ModelClasses(classes, Fields(classes), apps)


_Found = TypeVar("_Found")


class _Registering:
    """Finds the models, and what makes or changes them from elsewhere.

    What a file has of it is looked for again only where the file has changed, or what it asked for.
    """

    def __init__(self, classes: ModelClasses, last_run: LastRun, keys: Mapping[str, bytes]) -> None:
        self._classes = classes
        self._last_run = last_run
        self._keys = keys

    def register(self, modules: Mapping[str, Module], packages: list[str]) -> Registry:
        """All models of the project's modules."""
        classes = self._classes
        settings = classes.classes.values.settings
        names = classes.classes.values.names
        every = list(modules.values())
        if not settings.get("AUTH_USER_MODEL"):
            code = [each for each in every if not (each.is_test or each.is_migration)]
            users = {
                user
                for _, found in self._in_each(
                    code, "users", lambda module: user_models(module, classes), list[str]
                )
                for user in found
            }
            if len(users) == 1:
                settings["AUTH_USER_MODEL"] = users.pop()
                # Bases were resolved without it.
                classes.classes.forget()
                classes = self._classes = _of(classes.classes, classes.apps)
        adding = self._in_all(modules, "additions", lambda: find_additions(every, classes))
        find_additions([modules[path] for path in adding], classes)
        # What has been given a field, now or in the last run, is worked out again.
        self._last_run.change([(ADDED, ""), *((ADDED, cls.dotted) for cls in classes.added)])
        found = self._in_all(
            modules,
            "modules with models",
            lambda: _modules_with_models(names, every, classes.apps, packages),
        )
        registry = Registry()
        for module, models in self._in_each(
            [modules[path] for path in found],
            "models",
            lambda module: entries_in(module, classes),
            InFile,
        ):
            registry.register(module.path, models)
        add_histories(registry)
        return registry

    def _in_each(
        self,
        modules: list[Module],
        step: str,
        work_out: Callable[[Module], _Found],
        kind: type[_Found],
    ) -> Iterator[tuple[Module, _Found]]:
        """What a step finds in each module."""
        user = self._user()
        of = {each.path: self._keys[each.path] + each.name.encode() + user for each in modules}
        good = self._last_run.good(step, of)
        decode = msgspec.msgpack.Decoder(kind).decode
        for module in modules:
            path = module.path
            kept = good.get(path)
            if kept is not None:
                yield module, decode(kept.found)
            else:
                yield module, self._made(step, path, of[path], partial(work_out, module))

    def _in_all(
        self, modules: Iterable[str], step: str, work_out: Callable[[], list[str]]
    ) -> list[str]:
        """What a step finds in all of them, whose paths are given."""
        of = key_of("\0".join(modules).encode(errors="surrogateescape")) + self._user()
        kept = self._last_run.get(step, "", of)
        if kept is not None:
            return msgspec.msgpack.decode(kept.found, type=list[str])
        return self._made(step, "", of, work_out)

    def _made(self, step: str, path: str, of: bytes, work_out: Callable[[], _Found]) -> _Found:
        with self._classes.asked.work() as work:
            found = work_out()
        self._last_run.put(step, path, of, msgspec.msgpack.encode(found), work)
        return found

    def _user(self) -> bytes:
        """AUTH_USER_MODEL, which may yet be guessed."""
        return str(self._classes.classes.values.settings.get("AUTH_USER_MODEL")).encode()


def _schema(registry: Registry, classes: Classes, apps: Apps, *, with_apps: bool) -> Schema:
    edges, gaps = relations(registry)
    told = classes.values.settings.get("AUTH_USER_MODEL")
    user = classes.values.setting("AUTH_USER_MODEL")
    return Schema(
        models=_models(registry),
        known=list(known_models(registry, user if isinstance(user, str) else "auth.User")),
        relations=list(relations_of(registry)),
        edges=edges,
        gaps=[*gaps, *unseen(registry, apps.by_label, with_apps=with_apps)],
        paths=sorted(registry.paths()),
        user_model=told if isinstance(told, str) else None,
    )


def _models(registry: Registry) -> list[Model]:
    return [
        Model(
            label=model.label,
            app=model.app,
            file=model.path,
            line=model.line,
            is_own=model.is_own,
            is_proxy=model.is_proxy,
            table=model.table,
        )
        for model in registry.models.values()
    ]


def _modules_with_models(
    names: Names, modules: Iterable[Module], apps: Apps, packages: list[str]
) -> list[str]:
    """Those whose models would be registered: in apps, tests only where a test app is installed.

    A package that is an app by the look of it but not installed has none, even within another app;
    a `models` deeper in an app counts where what Django imports of the app leads to it.
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
        found.append(module.path)
    return sorted(found)


def _is_nested_models(apps: Apps, module: Module) -> bool:
    """Whether it is the `models` of a package within an app, not of the app itself."""
    package, _, last = module.name.rpartition(".")
    app = apps.containing(module.name)
    return last == "models" and app is not None and app.package != package


def _reached_from_models(names: Names, modules: Iterable[Module], apps: Apps) -> set[str]:
    """Paths of what Django imports of apps, and of what that imports, where it matters."""
    if not any(_is_nested_models(apps, module) for module in modules):
        return set()
    # What Django imports of each app when it starts; `admin` where its autodiscovery is installed.
    imported = ("models", "apps", "admin") if "admin" in apps.by_label else ("models", "apps")
    starts = (
        names.find(f"{app.package}.{module}")
        for app in apps.by_label.values()
        if app.is_own
        for module in imported
    )
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
