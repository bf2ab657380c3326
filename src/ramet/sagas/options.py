"""The settings of sagas: one home, typed, with defaults that are safe.

A project overrides them with `RAMET_SAGAS = {"keep_ended": 30}` in its settings; unknown names are
an error.
"""

from __future__ import annotations

from dataclasses import dataclass

from ramet.placement.options import read

__all__ = ["Options", "options"]


@dataclass(frozen=True, slots=True)
class Options:
    """See docs/reference/sagas.md for the same list with advice."""

    keep_ended: int = 90
    """Days for which a run that is completed or compensated is kept, with its journal."""


def options() -> Options:
    """The options of this project. Raises DiagnosticError naming every unknown or mistyped one."""
    return read(Options, "RAMET_SAGAS")
