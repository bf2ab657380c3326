"""Everything that linking knows, in one place: modules, names, classes, apps, models, settings."""

from __future__ import annotations

import msgspec

from ramet.tools.assess.facts import Gap
from ramet.tools.assess.linking.apps import Apps
from ramet.tools.assess.linking.classes import Classes
from ramet.tools.assess.linking.last_run import LastRun
from ramet.tools.assess.linking.names import Module, Names
from ramet.tools.assess.linking.schema import Schema
from ramet.tools.assess.linking.settings import Settings
from ramet.tools.assess.linking.values import Values
from ramet.tools.assess.source.store import key_of

__all__ = ["World"]


class World(msgspec.Struct):
    """What a linker of one more kind of edge needs.

    `modules` are the project's own, each once, by path; `keys` their contents' digests.
    """

    modules: dict[str, Module]
    keys: dict[str, bytes]
    last_run: LastRun
    names: Names
    values: Values
    classes: Classes
    apps: Apps
    schema: Schema
    settings: Settings
    settings_modules: list[str]
    gaps: list[Gap] = []

    def layout(self) -> bytes:
        """A digest of which modules there are, and where."""
        told = "\0".join(f"{path}\0{module.name}" for path, module in self.modules.items())
        return key_of(told.encode(errors="surrogateescape"))

    def app_label(self, module: Module) -> str:
        """The label of the app that a module is in, "" for none."""
        app = self.apps.containing(module.name)
        return app.label if app is not None else ""
