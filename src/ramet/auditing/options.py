"""The settings of the audit log: `RAMET_AUDIT = {"changes": False}`."""

from __future__ import annotations

from dataclasses import dataclass

from ramet.placement.options import read

__all__ = ["Options", "options"]


@dataclass(frozen=True, slots=True)
class Options:
    """See docs/reference/audit.md for the same list with advice."""

    changes: bool = True
    """Whether each transaction that changes something for a request or a call gets an entry."""
    refusals: bool = True
    """Whether a known user, or a service, that was refused (403) gets an entry."""
    seal_every: int = 10
    """Seconds between two seals while there is something to seal."""


def options() -> Options:
    """Those of this project. Raises DiagnosticError naming every unknown or mistyped one."""
    return read(Options, "RAMET_AUDIT")
