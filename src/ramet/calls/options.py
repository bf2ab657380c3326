"""The settings of calls: one home, typed, with defaults that are safe.

A project overrides them with `RAMET_CALLS = {"keep_results": 30}` in its settings; unknown names
are an error.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from django.conf import settings

from ramet.errors import DiagnosticError, Mistake

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
    given = dict(getattr(settings, "RAMET_CALLS", {}))
    known = {each.name for each in fields(Options)}
    mistakes = [
        Mistake(
            "calls-option",
            "RAMET_CALLS in the settings",
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
