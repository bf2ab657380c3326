"""Pairs of services that say so much to each other that they should be one."""

from __future__ import annotations

from collections.abc import Iterator

from ramet.tools.dashboard.advice.finding import Finding, duration, percent
from ramet.tools.dashboard.advice.window import Window

__all__ = ["find"]

CALLS = 5
"""Calls from one service to the other within one trace, on average of the traces with any."""
SHARE = 0.5
"""Part of the caller's traces in which it calls the other."""
TRACES = 20

_PAIRS = """
SELECT caller, callee, count(*), sum(calls), sum(time) FROM (
    SELECT service AS caller, peer AS callee, trace_id, count(*) AS calls, sum(duration) AS time
    FROM spans WHERE kind = 3 AND peer_kind = 'service' GROUP BY 1, 2, 3
) GROUP BY 1, 2 HAVING count(*) >= ? AND sum(calls) >= ? * count(*)
"""


def find(window: Window) -> Iterator[Finding]:
    """One finding for each pair."""
    for caller, callee, traces, calls, time in window.query(_PAIRS, TRACES, CALLS):
        share = traces / window.traces_of(caller)
        if share < SHARE or not (window.declared.has(caller) and window.declared.has(callee)):
            continue
        yield Finding(
            kind="chatty-pair",
            subject=f"{caller} -> {callee}",
            sentence=f"{caller} calls {callee} in {percent(share)} of its traces, "
            f"{calls / traces:.1f} times each, and waits {duration(time / traces)} for it.",
            remedy=f"Make one service of {caller} and {callee} in ramet.toml, so that calls are "
            "local; or let one operation answer what now takes several.",
            counts={
                "traces": traces,
                "calls": calls,
                "calls a trace": calls / traces,
                "part of the caller's traces": share,
            },
            traces=window.examples(
                "kind = 3 AND peer_kind = 'service' AND service = ? AND peer = ?", caller, callee
            ),
            cost=time,
        )
