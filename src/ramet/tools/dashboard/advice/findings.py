"""The findings of every kind of advice, those that cost the most time first."""

from __future__ import annotations

from contextlib import closing

from ramet.tools.dashboard.advice import (
    boundaries,
    chatty_pairs,
    deadlines,
    repetition,
    retries,
    slow_handlers,
    transactions,
)
from ramet.tools.dashboard.advice.finding import Declared, Finding
from ramet.tools.dashboard.advice.window import Window
from ramet.tools.dashboard.store import Store

__all__ = ["findings"]

TRACES = 20
"""Fewer in the last hour say nothing."""
NOTHING = Declared()
KINDS = (
    chatty_pairs,
    repetition,
    transactions,
    deadlines,
    slow_handlers,
    retries,
    boundaries,
)


def findings(store: Store, declared: Declared = NOTHING) -> list[Finding]:
    """Look at the traces of the last hour; nothing is said on fewer than 20 traces."""
    with closing(Window(store, declared)) as window:
        if window.traces < TRACES:
            return []
        found = [finding for kind in KINDS for finding in kind.find(window)]
    return sorted(found, key=lambda finding: -finding.cost)
