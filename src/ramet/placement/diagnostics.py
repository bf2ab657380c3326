"""A user's mistake that ends a command is told in its own words, without our traceback."""

from __future__ import annotations

import sys
from types import TracebackType

from ramet.errors import DiagnosticError

__all__ = ["print_uncaught"]


def print_uncaught() -> None:
    """Have this process show a DiagnosticError that nobody catches as its text alone.

    The exit code stays Python's 1. Everything else is shown as before. A second call does no harm.
    """
    former = sys.excepthook
    if former.__module__ == __name__:
        return

    def show(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if isinstance(error, DiagnosticError):
            print(error, file=sys.stderr)
        else:
            former(kind, error, trace)

    sys.excepthook = show
