"""INSTALLED_APPS -> apps with their labels, as Django's registry would name them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from ramet.tools.assess.linking.classes import Class, Classes
from ramet.tools.assess.linking.known.labels import label_of
from ramet.tools.assess.linking.names import Module, Names, Symbol
from ramet.tools.assess.source.extract import Assign, ClassDef

__all__ = ["Apps", "InstalledApp", "find_apps"]

_CONFIGS = ("django.apps.AppConfig", "django.apps.config.AppConfig")


class InstalledApp(msgspec.Struct):
    """`package` is a dotted name, `folder` its path from the project's root or site-packages."""

    label: str
    package: str
    folder: str
    is_own: bool


class Apps(msgspec.Struct):
    """The apps by label, those of INSTALLED_APPS and those that had to be guessed."""

    by_label: dict[str, InstalledApp] = {}
    unresolved: list[str] = []
    _by_package: dict[str, InstalledApp] = {}

    def add(self, app: InstalledApp) -> None:
        """Add one; the first of a label or of a package stays."""
        if app.label not in self.by_label and app.package not in self._by_package:
            self.by_label[app.label] = app
            self._by_package[app.package] = app

    def containing(self, module: str) -> InstalledApp | None:
        """The app of the innermost package that a module is in."""
        name = module
        while name:
            app = self._by_package.get(name)
            if app is not None:
                return app
            name = name.rpartition(".")[0]
        return None


def find_apps(names: Names, classes: Classes, entries: Iterable[str]) -> Apps:
    """The apps of INSTALLED_APPS. An entry of a package that was not read has its usual label."""
    apps = Apps()
    for entry in entries:
        app = _app(names, classes, entry)
        if app is None:
            apps.unresolved.append(entry)
        else:
            apps.add(app)
    return apps


def class_of_label(names: Names, classes: Classes, apps: Apps, label: str) -> Class | None:
    """The class that an app's `models` has under the name of a model, None where there is none."""
    app_label, _, name = label.partition(".")
    app = apps.by_label.get(app_label)
    if app is None or not name:
        return None
    dotted = f"{app.package}.models.{name}"
    symbol = names.locate(dotted)
    if symbol is None and not app.is_own:
        symbol = Symbol(dotted)
    return classes.of_symbol(symbol) if symbol is not None else None


def guess_apps(
    names: Names,
    classes: Classes,
    apps: Apps,
    packages: Iterable[str],
    modules: Iterable[Module],
) -> None:
    """Add own packages as apps that no settings module was found to install.

    Their AppConfig may stand anywhere: it is the one that has the package's name.
    """
    configured = {app.package: app for app in _configured_anywhere(names, classes, modules)}
    for package in packages:
        app = configured.get(package) or _app(names, classes, package)
        if app is not None:
            apps.add(app)


def _configured_anywhere(
    names: Names, classes: Classes, modules: Iterable[Module]
) -> Iterator[InstalledApp]:
    for module in modules:
        if module.is_test or not (module.is_package or module.name.endswith((".apps", ".config"))):
            continue
        for statement in module.extract.body:
            if isinstance(statement, ClassDef) and statement.bases:
                cls = classes.of_definition(module, statement)
                if "name" in cls.names and is_config(cls):
                    app = _configured(names, classes, cls)
                    if app is not None:
                        yield app


def _app(names: Names, classes: Classes, entry: str) -> InstalledApp | None:
    symbol = names.locate(entry)
    if symbol is not None and isinstance(symbol.statement, ClassDef):
        cls = classes.of_symbol(symbol)
        if cls is not None:
            return _configured(names, classes, cls)
    if symbol is not None and symbol.statement is None and symbol.module is not None:
        module = symbol.module
        config = _default_config(names, classes, module)
        if config is not None:
            app = _configured(names, classes, config)
            if app is not None:
                return app
        return _plain(module.name, module)
    if _is_namespace(names, entry):
        return InstalledApp(entry.rpartition(".")[2], entry, entry.replace(".", "/"), True)
    package = _package_of(entry)
    return InstalledApp(label_of(package), package, package.replace(".", "/"), False)


def _package_of(entry: str) -> str:
    """`taggit.apps.TaggitConfig` -> `taggit`, of a package that was not read."""
    parts = entry.split(".")
    if len(parts) > 1 and parts[-1][:1].isupper():
        parts.pop()
        if len(parts) > 1 and parts[-1] in ("apps", "config", "app", "app_config", "appconfig"):
            parts.pop()
    return ".".join(parts)


def _is_namespace(names: Names, package: str) -> bool:
    return any(
        f"{package}.{last}" in names.modules for last in ("models", "apps", "admin", "views")
    )


def _plain(package: str, module: Module) -> InstalledApp:
    folder = module.path.rpartition("/")[0] if module.is_package else module.path
    label = package.rpartition(".")[2] if module.is_own else label_of(package)
    return InstalledApp(label, package, folder, module.is_own)


def _default_config(names: Names, classes: Classes, package: Module) -> Class | None:
    """What Django takes where an entry names a package: its only AppConfig, or the default one."""
    for statement in package.extract.body:
        if not isinstance(statement, Assign) or statement.target != "default_app_config":
            continue
        symbol = names.locate(statement.value) if isinstance(statement.value, str) else None
        if symbol is not None and isinstance(symbol.statement, ClassDef):
            return classes.of_symbol(symbol)
    module = names.find(f"{package.name}.apps", package)
    if module is None:
        return None
    configs = []
    for statement in module.extract.body:
        if isinstance(statement, ClassDef):
            cls = classes.of_definition(module, statement)
            if is_config(cls) and "name" in cls.names:
                configs.append(cls)
    for config in configs:
        default = config.bound("default")
        if isinstance(default, Assign) and default.value is True:
            return config
    return configs[0] if configs else None


def is_config(cls: Class) -> bool:
    """Whether a class is an AppConfig; one of a package that was not read ends in `Config`."""
    return cls.inherits(*_CONFIGS) or any(
        each.definition is None and each.name.endswith(("AppConfig", "Config")) for each in cls.mro
    )


def _configured(names: Names, classes: Classes, config: Class) -> InstalledApp | None:
    name = _text(classes, config, "name")
    if config.module is None:
        return None
    if name is None:
        name = config.module.package
    module = names.find(name, config.module)
    label = _text(classes, config, "label") or name.rpartition(".")[2]
    if module is None:
        folder = config.module.path.rpartition("/")[0]
        return InstalledApp(label, name, folder, config.module.is_own)
    plain = _plain(module.name, module)
    return InstalledApp(label, module.name, plain.folder, module.is_own)


def _text(classes: Classes, config: Class, attribute: str) -> str | None:
    cls, statement = config.attribute(attribute) or (config, None)
    if not isinstance(statement, Assign) or cls.module is None:
        return None
    value = classes.values.of(cls.module, statement.value, cls=cls.definition)
    return value if isinstance(value, str) else None
