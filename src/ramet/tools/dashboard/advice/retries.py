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

_ATTEMPT = """json_extract(attributes, '$."ramet.attempt"')"""
_RUNS = f"""
SELECT service, name, count(*), sum(again), sum(again * duration), max(attempt) FROM (
    SELECT service, name, duration, {_ATTEMPT} AS attempt, {_ATTEMPT} > 1 AS again
    FROM spans WHERE {{spans}} AND kind IN (1, 5)
) WHERE attempt IS NOT NULL
GROUP BY service, name HAVING count(*) >= ? AND sum(again) >= ? AND sum(again) >= ? * count(*)
"""  # noqa: S608


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
                f"kind IN (1, 5) AND service = ? AND name = ? AND {_ATTEMPT} > 1", service, name
            ),
            cost=time,
        )
