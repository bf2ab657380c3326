"""Event handlers and tasks that take long: everything of the same key waits behind them."""

from __future__ import annotations

from collections.abc import Iterator

from ramet.tools.dashboard.advice.finding import Finding, duration
from ramet.tools.dashboard.advice.window import Window

__all__ = ["find"]

SLOW = 1_000_000_000
"""Nanoseconds that one in twenty runs takes at least."""
RUNS = 20

_HANDLERS = """
SELECT service, name, count(*), sum(duration), max(duration), sum(duration >= ?1)
FROM spans WHERE kind = 5 AND peer IS NOT NULL AND peer_kind = 'event'
GROUP BY service, name HAVING count(*) >= ?2 AND sum(duration >= ?1) * 20 >= count(*)
"""


def find(window: Window) -> Iterator[Finding]:
    """One finding for each handler of events; Celery's tasks may take long."""
    for service, name, runs, time, longest, slow in window.query(_HANDLERS, SLOW, RUNS):
        yield Finding(
            kind="slow-handler",
            subject=f"{service}: {name}",
            sentence=f"{slow} of {runs} runs of {name} took longer than {duration(SLOW)}, the "
            f"longest {duration(longest)}. Events of the same key wait behind it.",
            remedy="Let the handler write down what is to be done and return: a Celery task or a "
            "saga does the long part. Or say ordered=False where the order is no matter.",
            counts={"runs": runs, "slow runs": slow},
            traces=window.examples(
                "kind = 5 AND service = ? AND name = ? AND duration >= ?", service, name, SLOW
            ),
            cost=time,
        )
