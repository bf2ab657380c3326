"""The world's apps and models -> the lists that a scan has."""

from __future__ import annotations

from collections.abc import Iterable

from ramet.tools.assess.facts import App, Edge, Model
from ramet.tools.assess.linking.world import World

__all__ = ["list_apps", "list_models"]


def list_apps(world: World) -> list[App]:
    """Own apps first, by folder, with the lines of their files."""
    lines: dict[str, int] = {}
    for module in world.modules.values():
        label = world.app_label(module)
        lines[label] = lines.get(label, 0) + module.extract.lines
    return sorted(
        (
            App(
                label=app.label,
                package=app.package,
                file=app.folder,
                is_own=app.is_own,
                lines=lines.get(app.label, 0),
            )
            for app in world.apps.by_label.values()
        ),
        key=lambda app: (not app.is_own, app.file, app.label),
    )


def list_models(own: Iterable[Model], edges: Iterable[Edge]) -> list[Model]:
    """Those that were read, and those of packages that something leads to."""
    models = list(own)
    known = {model.label for model in models}
    targets = {
        label for edge in edges for label in (edge.target, edge.through) if label and "." in label
    }
    automatic = {
        edge.through for edge in edges if edge.through and edge.through.startswith(edge.source)
    }
    for label in sorted(targets - known - automatic - {"*"}):
        app = label.partition(".")[0]
        models.append(Model(label=label, app=app, file="", line=0, is_own=False))
    return sorted(models, key=lambda model: (not model.is_own, model.file, model.line, model.label))
