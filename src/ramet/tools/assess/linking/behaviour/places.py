"""Where a module belongs: its path, its app; and which labels a scan has."""

from __future__ import annotations

from collections.abc import Iterable

from ramet.tools.assess.linking.behaviour.templates import name_of
from ramet.tools.assess.linking.world import World

__all__ = ["Places"]


class Places:
    """Answers by the dotted name of a module."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._apps: dict[str, str | None] = {}
        self._paths: dict[str, str] = {}
        self._folders: dict[str, str | None] = {
            app.folder: app.label for app in world.apps.by_label.values() if app.is_own
        }
        self._models = {model.label for model in world.schema.known}
        self._lower = {
            model.label.lower(): model.label for model in world.schema.known if model.dotted
        }
        for path, module in world.modules.items():
            self._paths.setdefault(module.name, path)

    def app_of(self, module: str) -> str | None:
        """The label of the app that it is in, None where it is in none of the project's own."""
        if module not in self._apps:
            label = self.app_of_path(self._paths.get(module, ""))
            if label is None:
                app = self._world.apps.containing(module)
                label = app.label if app is not None and app.is_own else None
            self._apps[module] = label
        return self._apps[module]

    def path_of(self, module: str) -> str:
        return self._paths.get(module, "")

    def app_of_path(self, path: str) -> str | None:
        """The label of the app in whose folder a file is, the innermost."""
        return self._app_of_folder(path.rpartition("/")[0])

    def _app_of_folder(self, folder: str) -> str | None:
        if folder not in self._folders:
            outer = folder.rpartition("/")[0]
            self._folders[folder] = self._app_of_folder(outer) if folder else None
        return self._folders[folder]

    def is_model(self, label: str) -> bool:
        return label in self._models

    def model_named(self, label: str) -> str | None:
        """The label as its model spells it, None where there is no such model."""
        found = self._lower.get(label.lower(), label)
        return found if self.is_model(found) else None

    def owners_of_templates(self, paths: Iterable[str]) -> dict[str, str]:
        """The app of each template by the name that a loader knows; of none where two have it."""
        owners: dict[str, str | None] = {}
        for path in paths:
            name = name_of(path)
            if name is not None:
                app = self.app_of_path(path)
                owners[name] = app if owners.get(name, app) == app else None
        return {name: app for name, app in owners.items() if app is not None}

    def is_app(self, label: str) -> bool:
        app = self._world.apps.by_label.get(label)
        return app is not None and app.is_own

    def exists(self, label: str) -> bool:
        """Whether it is a model, or one of the project's own apps."""
        return self.is_model(label) if "." in label else self.is_app(label)
