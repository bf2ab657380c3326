"""Handlers and steps of sagas that often succeed only when they are tried again."""

from __future__ import annotations

from collections.abc import Iterator

from ramet.tools.dashboard.advice.finding import Finding, percent
from ramet.tools.dashboard.advice.window import Window

__all__ = ["find"]

SHARE = 0.1
"""Part of the runs that are not the first attempt."""
RUNS = 20
TIMES = 5

_RUNS = """
SELECT service, name, count(*), sum(attempt > 1) AS again, sum((attempt > 1) * duration),
    max(attempt)
FROM spans WHERE kind IN (1, 5) AND attempt IS NOT NULL
GROUP BY service, name HAVING count(*) >= ? AND again >= ? AND again >= ? * count(*)
"""


def find(window: Window) -> Iterator[Finding]:
    """One finding for each handler or step."""
    for service, name, runs, again, time, most in window.query(_RUNS, RUNS, TIMES, SHARE):
        yield Finding(
            kind="retries",
            subject=f"{service}: {name}",
            sentence=f"{again} of {runs} runs of {name} ({percent(again / runs)}) are repetitions "
            f"of one that failed; the most stubborn needed {most} attempts.",
            remedy="See in the traces why the first attempt fails. A rule of business is refused "
            "and not tried again; two that get in each other's way need one key or one order of "
            "locks.",
            counts={"runs": runs, "repetitions": again, "most attempts": most},
            traces=window.examples(
                "kind IN (1, 5) AND service = ? AND name = ? AND attempt > 1", service, name
            ),
            cost=time,
        )
