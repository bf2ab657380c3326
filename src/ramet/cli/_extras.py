"""Packages that only some commands need, and that an extra of Ramet installs."""

from __future__ import annotations

from importlib.util import find_spec

from ramet.errors import DiagnosticError, Mistake

__all__ = ["need_assess"]


def need_assess(what: str) -> None:
    """DiagnosticError where what reads and groups a project is not installed."""
    # Found, not imported: they are slow to import, and a run may not need them.
    missing = [name for name in ("libcst", "networkx") if find_spec(name) is None]
    if missing:
        raise DiagnosticError(
            Mistake(
                "missing-extra",
                where=what,
                found=f"no package {' and no package '.join(missing)}",
                expected="the packages of the extra assess",
                remedy="pip install 'ramet[assess]'",
            )
        )
