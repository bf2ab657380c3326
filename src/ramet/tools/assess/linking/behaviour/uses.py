"""Names in texts (URLs, templates, commands, permissions, settings, tasks) -> what they lead to."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from ramet.tools.assess.facts import Edge, EdgeKind
from ramet.tools.assess.linking.behaviour.found import Found, Use
from ramet.tools.assess.linking.behaviour.graph import Functions
from ramet.tools.assess.linking.behaviour.permissions import permission_target
from ramet.tools.assess.linking.behaviour.places import Places
from ramet.tools.assess.linking.world import World

__all__ = ["Uses"]

_KINDS: dict[str, EdgeKind] = {
    "url": "url",
    "template": "template",
    "command": "command",
    "permission": "permission",
    "setting": "settings",
    "path": "import_string",
    "task": "task",
}


class Uses:
    """Resolves what a module's functions ask for by name."""

    def __init__(self, world: World, places: Places, functions: Functions) -> None:
        self._world = world
        self._places = places
        self._functions = functions

    def edges(self, module: str, found: Found) -> Iterator[Edge]:
        """One edge for each name that leads to another app; the target "" is for all modules to
        tell."""
        app = self._places.app_of(module)
        if app is None:
            return
        path = self._places.path_of(module)
        for use in found.uses:
            target = self._target(use)
            if target is None:
                continue
            source = app
            if use.kind == "task" and use.function in self._functions:
                source = self._functions.place(use.function) or app
            yield Edge(
                kind=_KINDS[use.kind],
                source=source,
                target=target,
                field=use.name,
                file=path,
                line=use.line,
            )

    def _target(self, use: Use) -> str | None:
        name = use.name
        if use.kind in ("url", "template"):
            return ""
        if use.kind == "command":
            return self._commands.get(name)
        if use.kind == "permission":
            return permission_target(name, self._places)
        if use.kind == "task":
            return self._functions.place(name) if name in self._functions else None
        if use.kind == "setting":
            value = self._world.settings.values.get(name)
            return self._named(value) if isinstance(value, str) else None
        return self._named(name)

    @cached_property
    def _commands(self) -> dict[str, str]:
        """The app of each management command."""
        commands = {}
        for module in self._world.modules.values():
            before, found, name = module.name.rpartition(".management.commands.")
            app = self._places.app_of(module.name) if found else None
            if before and app is not None:
                commands[name] = app
        return commands

    def _named(self, dotted: str) -> str | None:
        """The model or app that a text names: `users.User`, `users.backends.Backend`."""
        if dotted.count(".") == 0:
            return None
        label = self._places.model_named(dotted)
        if label is not None:
            return label
        symbol = self._world.names.locate(dotted)
        if symbol is None or symbol.module is None or not symbol.module.is_own:
            return None
        return self._places.app_of(symbol.module.name)
