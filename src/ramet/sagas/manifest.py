"""What services declare about sagas, for the manifest: steps in order, their undo, their limits."""

from typing import Any

from ramet.placement import Here
from ramet.placement.manifest import contribute
from ramet.sagas import registry
from ramet.sagas.steps import Step

__all__ = ["sagas"]


def sagas(here: Here) -> dict[str, Any]:
    """Per service: each saga and version to its steps. A diff of it shows what needs a version."""
    found: dict[str, Any] = {}
    for definition in registry.definitions():
        service = here.service_of(definition.saga.__module__)
        if service is None or not here.has(service):
            continue
        found.setdefault(service, {})[f"{definition.name}.v{definition.version}"] = {
            "fields": sorted(definition.state.types),
            "steps": [
                {
                    "name": step.name,
                    "undo": step.undo,
                    "attempts": step.attempts,
                    "timeout_seconds": step.timeout,
                    "pivot": step.pivot,
                    "atomic": step.atomic,
                    **({} if step.wait is None else _wait(step)),
                }
                for step in definition.steps
            ],
        }
    return found


def _wait(step: Step) -> dict[str, Any]:
    return {"wait_seconds": step.wait, "takes_reply": step.reply is not None}


contribute("sagas", sagas)
