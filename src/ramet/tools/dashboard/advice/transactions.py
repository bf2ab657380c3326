"""Calls to other services while a database transaction is open."""

from __future__ import annotations

from collections.abc import Iterator

from ramet.tools.dashboard.advice.finding import Finding, duration
from ramet.tools.dashboard.advice.window import Window

__all__ = ["find"]

TRACES = 5

_INSIDE = """kind = 3 AND peer_kind IN ('service', 'external') AND inside = 1"""
_CALLS = f"""
SELECT service, name, place, count(*), count(DISTINCT trace_id), sum(duration), max(duration)
FROM spans WHERE {_INSIDE}
GROUP BY service, name, place HAVING count(DISTINCT trace_id) >= ?
"""  # noqa: S608


def find(window: Window) -> Iterator[Finding]:
    """One finding for each line of code that makes such a call."""
    for service, name, place, calls, traces, time, longest in window.query(_CALLS, TRACES):
        yield Finding(
            kind="call-in-transaction",
            subject=f"{service}: {name}",
            sentence=f"{service} calls {name} while it has a transaction open: {calls} times in "
            f"{traces} traces. Its locks were held {duration(time / calls)} longer on average, "
            f"{duration(longest)} at most, and a rollback does not undo what was called.",
            remedy="Call before or after the transaction, or in a step of a saga; what must follow "
            "from the transaction is published as an event within it.",
            counts={"traces": traces, "calls": calls},
            places=(place,) if place else (),
            traces=window.examples(
                f"{_INSIDE} AND service = ? AND name = ? AND place IS ?", service, name, place
            ),
            cost=time,
        )
