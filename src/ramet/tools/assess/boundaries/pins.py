"""What `ramet.toml` says already: which models belong to which service."""

from __future__ import annotations

from pathlib import Path

from ramet.system import System, load
from ramet.tools.assess.boundaries.home import FILE_NAME
from ramet.tools.assess.facts import Scan
from ramet.tools.assess.findings import Report

__all__ = ["owners", "pins", "system_of"]


def system_of(folder: Path) -> System | None:
    """The system that is declared in a folder; None without a `ramet.toml` there.

    Raises DiagnosticError with every mistake of the file.
    """
    path = folder / FILE_NAME
    return load(path) if path.is_file() else None


def owners(system: System, scan: Scan | Report) -> dict[str, str]:
    """The service of each model, by label, that one has: by its own name, else by its app."""
    label_of = {app.package: app.label for app in scan.apps}
    service_of = {
        label_of.get(package, package.rpartition(".")[2]): service.name
        for service in system.services.values()
        for package in service.apps
    }
    found = {model.label: service_of[model.app] for model in scan.models if model.app in service_of}
    known = {model.label for model in scan.models}
    for name, models in system.candidates.items():
        found |= {model: name for model in models if model in known}
    return found


def pins(system: System, scan: Scan | Report) -> dict[str, list[str]]:
    """Labels of models by the service that has them, in the order of the file."""
    found: dict[str, list[str]] = {}
    for model, name in owners(system, scan).items():
        found.setdefault(name, []).append(model)
    order = [*system.services, *system.candidates]
    return {name: sorted(found[name]) for name in dict.fromkeys(order) if name in found}
