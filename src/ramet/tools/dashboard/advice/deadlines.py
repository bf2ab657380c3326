"""Calls without a deadline, and operations that often miss theirs."""

from __future__ import annotations

from collections.abc import Iterator

from ramet.tools.dashboard.advice.finding import Finding, duration, percent
from ramet.tools.dashboard.advice.window import Window

__all__ = ["find"]

TRACES = 20
MISSED = 0.05
"""Part of the calls over their deadline that is often."""
TIMES = 5

_MISSED = "code = 'deadline_exceeded'"
_CALLS = f"""
SELECT service, peer, name, min(place), count(*), count(DISTINCT trace_id), max(duration),
    max(deadline), sum(ifnull({_MISSED}, 0))
FROM spans WHERE kind = 3 AND peer_kind = 'service'
GROUP BY service, peer, name HAVING count(DISTINCT trace_id) >= ?
"""  # noqa: S608
_THESE = "kind = 3 AND peer_kind = 'service' AND service = ? AND peer = ? AND name = ?"


def find(window: Window) -> Iterator[Finding]:
    """One finding for each caller and operation."""
    for row in window.query(_CALLS, TRACES):
        caller, callee, name, place, calls, traces, longest, deadline, missed = row
        deadline = deadline or window.declared.deadlines.get(name)
        counts = {"traces": traces, "calls": calls}
        if not window.declared.has(caller):
            continue
        if deadline is None:
            yield Finding(
                kind="no-deadline",
                subject=f"{caller} -> {callee}: {name}",
                sentence=f"{caller} called {name} of {callee} {calls} times without a deadline; "
                f"the longest took {duration(longest)}. Where {callee} hangs, {caller} hangs.",
                remedy="Call an operation of a contract, which has a deadline; or give the HTTP "
                "client a timeout and tell it as ramet.deadline_ms.",
                counts=counts,
                places=(place,) if place else (),
                traces=window.examples(_THESE, caller, callee, name),
                cost=longest,
            )
        elif missed >= TIMES and missed / calls >= MISSED:
            yield Finding(
                kind="deadline-missed",
                subject=f"{caller} -> {callee}: {name}",
                sentence=f"{missed} of {calls} calls of {name} by {caller} "
                f"({percent(missed / calls)}) took longer than their {deadline} ms.",
                remedy="See in the traces what it waits for. If it must take long, do it in a saga "
                "or a task; if it is a little too slow, raise the deadline with its callers'.",
                counts=counts | {"missed": missed, "deadline in ms": deadline},
                places=(place,) if place else (),
                traces=window.examples(f"{_THESE} AND {_MISSED}", caller, callee, name),
                cost=missed * deadline * 1_000_000,
            )
