"""The settings of calls: one home, typed, with defaults that are safe.

A project overrides them with `RAMET_CALLS = {"keep_results": 30}` in its settings; unknown names
are an error.
"""

from __future__ import annotations

from dataclasses import dataclass

from ramet.placement.options import read

__all__ = ["Options", "options"]


@dataclass(frozen=True, slots=True)
class Options:
    """See docs/reference/idempotent-http.md for the same list with advice."""

    keep_results: int = 7
    """Days for which the answer to an idempotency key is kept; a later repetition runs anew."""
    wait_for_first: int = 5
    """Seconds for which an HTTP request waits for the first one with its key before it gets 409."""


def options() -> Options:
    """The options of this project. Raises DiagnosticError naming every unknown or mistyped one."""
    return read(Options, "RAMET_CALLS")
