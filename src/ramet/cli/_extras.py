"""Packages that only some commands need, and that an extra of Ramet installs."""

from __future__ import annotations

from ramet.errors import DiagnosticError, Mistake

__all__ = ["need_assess"]


def need_assess(what: str) -> None:
    """DiagnosticError where what reads and groups a project is not installed."""
    try:
        import libcst  # noqa: F401
        import networkx  # noqa: F401
    except ImportError as error:
        raise DiagnosticError(
            Mistake(
                "missing-extra",
                where=what,
                found=f"no package {error.name}",
                expected="the packages of the extra assess",
                remedy="pip install 'ramet[assess]'",
            )
        ) from None
