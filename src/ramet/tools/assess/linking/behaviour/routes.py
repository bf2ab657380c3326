"""Names of URLs -> the app that answers them."""

from __future__ import annotations

from collections.abc import Container, Mapping

from ramet.tools.assess.linking.behaviour.parts import Part
from ramet.tools.assess.linking.behaviour.places import Places

__all__ = ["Routes"]


class Routes:
    """All URL patterns of a project. A name that several apps give is one of none."""

    def __init__(self, parts: Mapping[str, Part], modules: Container[str], places: Places) -> None:
        """`modules` are all that were linked, also those that add no part."""
        self._places = places
        self._modules = modules
        # Which namespaces each module's patterns are under, by the includes of all.
        self._spaces: dict[str, set[str]] = {}
        for module, one in parts.items():
            if one.url_namespace:
                self._spaces.setdefault(module, set()).add(one.url_namespace)
        for one in parts.values():
            for include in one.includes:
                if include.namespace:
                    self._spaces.setdefault(include.module, set()).add(include.namespace)
        self._named: dict[str, list[tuple[str, str]]] = {}
        for module, one in parts.items():
            for pattern in one.patterns:
                app = self._app(module, pattern.view)
                if app is not None:
                    self._named.setdefault(pattern.name, []).append((module, app))

    def app(self, name: str) -> str | None:
        """The label of the app behind `namespace:name`, None where it is not known for sure."""
        spaces, _, last = name.rpartition(":")
        space = spaces.rpartition(":")[2]
        candidates = self._named.get(last, [])
        if space:
            inside = [
                app for module, app in candidates if space in self._spaces.get(module, ())
            ] or [app for _, app in candidates if app == space]
        else:
            inside = [app for module, app in candidates if module not in self._spaces]
        return inside[0] if len(set(inside)) == 1 else None

    def _app(self, module: str, view: str) -> str | None:
        """That of the view; of its module where the view is not known."""
        name = view
        while name and name not in self._modules:
            name = name.rpartition(".")[0]
        return (self._places.app_of(name) if name else None) or self._places.app_of(module)
