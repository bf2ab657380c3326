"""Boundaries between services that cost more than they give, or that are missing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from ramet.tools.dashboard.advice.finding import Finding, duration, percent
from ramet.tools.dashboard.advice.window import Window

__all__ = ["find"]

TRACES = 50
"""A boundary is moved for a reason that was seen often."""
ONLY = 0.95
"""Part of a service's requests that come from one other service: it has no life of its own."""
ALWAYS = 0.8
"""Part of that other service's traces that need it: the two fail together anyway."""
MOST = 0.8
"""Part of a service's time that one operation takes."""
OTHERS = 3
"""Other operations that share the service with it."""
SLOWER = 10
"""How many times as long it takes as the others."""

_CALLS = """
SELECT peer, service, count(*), count(DISTINCT trace_id), sum(duration)
FROM spans WHERE kind = 3 AND peer_kind = 'service' GROUP BY peer, service
"""
_WORK = """
SELECT service, name, count(*), sum(duration) FROM spans
WHERE kind IN (2, 5) GROUP BY service, name
"""


def find(window: Window) -> Iterator[Finding]:
    """Services to merge, and services to split."""
    work: dict[str, list[tuple[str, int, int]]] = defaultdict(list)
    for service, name, runs, time in window.query(_WORK):
        work[service].append((name, runs, time))
    yield from _merges(window, work)
    yield from _splits(window, work)


def _merges(window: Window, work: dict[str, list[tuple[str, int, int]]]) -> Iterator[Finding]:
    for callee, caller, calls, traces, time in window.query(_CALLS):
        requests = sum(runs for _, runs, _ in work.get(callee, ()))
        if traces < TRACES or not (window.declared.has(caller) and window.declared.has(callee)):
            continue
        if not requests or calls < ONLY * requests:
            continue
        share = traces / window.traces_of(caller)
        if share < ALWAYS:
            continue
        # What the callee works itself is not saved: only the way there and back.
        own = sum(time for _, _, time in work[callee])
        saved = max(0, time - own)
        yield Finding(
            kind="merge",
            subject=f"{caller} + {callee}",
            sentence=f"{callee} is called by {caller} and hardly by anyone else, and {caller} "
            f"needs it in {percent(share)} of its traces: where one fails, so does the other. The "
            f"way between them takes {duration(saved / traces)} of a trace.",
            remedy=f"Let {caller} and {callee} be one service, or at least place them together, "
            "unless different teams or loads are the reason for the boundary.",
            counts={
                "traces": traces,
                "calls": calls,
                "part of the caller's traces": share,
                "part of the callee's requests": min(1.0, calls / requests),
            },
            traces=window.examples(
                "kind = 3 AND peer_kind = 'service' AND service = ? AND peer = ?", caller, callee
            ),
            cost=saved,
        )


def _splits(window: Window, work: dict[str, list[tuple[str, int, int]]]) -> Iterator[Finding]:
    for service, operations in work.items():
        name, runs, time = max(operations, key=lambda operation: operation[2])
        others = [operation for operation in operations if operation[0] != name]
        rest, rest_runs = sum(each[2] for each in others), sum(each[1] for each in others)
        # A coarse clock, such as a browser's, measures no time at all.
        if runs < TRACES or len(others) < OTHERS or rest_runs < TRACES or not time:
            continue
        part = time / (time + rest)
        slower = (time / runs) / max(1, rest / rest_runs)
        if part < MOST or slower < SLOWER or not window.declared.has(service):
            continue
        yield Finding(
            kind="split",
            subject=f"{service}: {name}",
            sentence=f"{name} takes {percent(part)} of the time of {service} and "
            f"{slower:.0f} times as long as its {len(others)} other operations, which wait for the "
            "same processes.",
            remedy=f"Make a service of its own of what {name} belongs to, so that it is scaled and "
            "limited by itself; or move its long part to a task.",
            counts={"runs": runs, "part of the service's time": part, "times as long": slower},
            traces=window.examples("kind IN (2, 5) AND service = ? AND name = ?", service, name),
            cost=time,
        )
