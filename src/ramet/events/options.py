"""The settings of events: one home, typed, with defaults that are safe.

A project overrides them with `RAMET_EVENTS = {"handler_threads": 2}` in its settings; unknown names
are an error.
"""

from __future__ import annotations

from dataclasses import dataclass

from ramet.errors import DiagnosticError, Mistake
from ramet.placement.options import read


@dataclass(frozen=True, slots=True)
class Options:
    """See docs/reference/events.md for the same list with advice."""

    largest_event: int = 512 * 1024
    """Bytes of an encoded event; half of what NATS accepts by default, to leave room for its
    envelope."""
    handler_threads: int = 4
    """Threads, and at most so many database connections, that work off the inbox of one worker."""
    together: int = 50
    """Quick handlers that one transaction of the inbox runs at most; 1: each event its own."""
    lease: int = 15
    """Seconds after which another worker takes over from one that is gone without a trace."""
    keep_done: int = 30
    """Days for which a finished event is remembered so that a duplicate has no effect. Longer than
    `broker_keeps`, or an event that the broker delivers late would be worked off twice."""
    broker_keeps: int = 14
    """Days for which the broker keeps an event, read or unread."""


def options() -> Options:
    """The options of this project.

    Raises DiagnosticError naming every unknown or mistyped one, or `keep_done` if it is not longer
    than `broker_keeps`.
    """
    found = read(Options, "RAMET_EVENTS")
    if found.keep_done <= found.broker_keeps:
        raise DiagnosticError(
            Mistake(
                "events-option",
                "RAMET_EVENTS in the settings",
                f"keep_done = {found.keep_done}, broker_keeps = {found.broker_keeps}",
                "keep_done longer than broker_keeps: an event that the broker delivers again after"
                " it was forgotten would be worked off twice",
                "raise keep_done or lower broker_keeps",
            )
        )
    return found
