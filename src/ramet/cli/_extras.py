"""Packages that only some commands need, and that an extra of Ramet installs."""

from __future__ import annotations

from importlib.util import find_spec

from ramet.errors import DiagnosticError, Mistake

__all__ = ["need_assess"]


def need_assess(what: str) -> None:
    """DiagnosticError where what reads and groups a project is not installed."""
    # Looked for and not imported: importing them takes longer than most runs.
    for package in ("libcst", "networkx"):
        if find_spec(package) is None:
            raise DiagnosticError(
                Mistake(
                    "missing-extra",
                    where=what,
                    found=f"no package {package}",
                    expected="the packages of the extra assess",
                    remedy="pip install 'ramet[assess]'",
                )
            )
