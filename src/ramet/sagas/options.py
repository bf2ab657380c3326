"""The settings of sagas: one home, typed, with defaults that are safe.

A project overrides them with `RAMET_SAGAS = {"keep_ended": 30}` in its settings; unknown names are
an error.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from django.conf import settings

from ramet.errors import DiagnosticError, Mistake

__all__ = ["Options", "options"]


@dataclass(frozen=True, slots=True)
class Options:
    """See docs/reference/sagas.md for the same list with advice."""

    keep_ended: int = 90
    """Days for which a run that is completed or compensated is kept, with its journal."""


def options() -> Options:
    """The options of this project. Raises DiagnosticError naming every unknown or mistyped one."""
    given = dict(getattr(settings, "RAMET_SAGAS", {}))
    known = {each.name for each in fields(Options)}
    mistakes = [
        Mistake(
            "sagas-option",
            "RAMET_SAGAS in the settings",
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
