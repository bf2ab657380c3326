"""The settings of replicas: one home, typed, with a default that is safe."""

from __future__ import annotations

from dataclasses import dataclass

from ramet.placement.options import read

__all__ = ["Options", "options"]


@dataclass(frozen=True, slots=True)
class Options:
    """A project overrides them with `RAMET_REPLICAS = {"keep_tombstones": 365}`."""

    keep_tombstones: int = 90
    """Days for which the key of a deleted row is remembered. Longer than any event may be late."""


def options() -> Options:
    """The options of this project. Raises DiagnosticError naming every unknown or mistyped one."""
    return read(Options, "RAMET_REPLICAS")
