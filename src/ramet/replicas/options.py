"""The settings of replicas: one home, typed, with a default that is safe."""

from __future__ import annotations

from dataclasses import dataclass, fields

from django.conf import settings

from ramet.errors import DiagnosticError, Mistake

__all__ = ["Options", "options"]


@dataclass(frozen=True, slots=True)
class Options:
    """A project overrides them with `RAMET_REPLICAS = {"keep_tombstones": 365}`."""

    keep_tombstones: int = 90
    """Days for which the key of a deleted row is remembered. Longer than any event may be late."""


def options() -> Options:
    """The options of this project. Raises DiagnosticError naming every unknown or mistyped one."""
    given = dict(getattr(settings, "RAMET_REPLICAS", {}))
    known = {each.name for each in fields(Options)}
    mistakes = [
        Mistake(
            "replicas-option",
            "RAMET_REPLICAS in the settings",
            f"{name} = {value!r}",
            f"whole numbers above 0 for {', '.join(sorted(known))}",
            "correct or remove it",
        )
        for name, value in given.items()
        if name not in known or isinstance(value, bool) or not isinstance(value, int) or value < 1
    ]
    if mistakes:
        raise DiagnosticError(*mistakes)
    return Options(**given)
