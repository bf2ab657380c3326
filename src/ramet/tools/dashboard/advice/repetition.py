"""The same call or query again and again under one parent: N+1, and calls inside a loop."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from ramet.tools.dashboard.advice.finding import Finding, duration
from ramet.tools.dashboard.advice.window import EXAMPLES, Window

__all__ = ["find"]

TIMES = 5
"""Repetitions under one parent that are no coincidence."""
TRACES = 5
"""Traces that show it."""

# Where no line is known, a query is the same by its text: there are many on one table. Ramet's own
# tables are nobody's to read otherwise.
_REPEATED = """
SELECT service, peer_kind, name, place, trace_id, parent_id, count(*) AS times, sum(duration)
FROM spans
WHERE kind = 3 AND peer_kind IN ('service', 'database') AND parent_id IS NOT NULL
    AND name NOT GLOB '* ramet_*'
GROUP BY trace_id, parent_id, name,
    coalesce(place, statement) HAVING times >= ?
"""


@dataclass(slots=True)
class Repeated:
    """What was repeated in the same way in several traces."""

    times: int = 0
    most: int = 0
    parents: int = 0
    cost: int = 0
    traces: dict[bytes, int] = field(default_factory=dict)
    """With the most repetitions in each."""
    parent: tuple[bytes, bytes] = (b"", b"")

    def add(self, trace_id: bytes, parent_id: bytes, times: int, time: int) -> None:
        self.times += times
        self.parents += 1
        self.cost += time
        self.traces[trace_id] = max(times, self.traces.get(trace_id, 0))
        if times > self.most:
            self.most, self.parent = times, (trace_id, parent_id)


def find(window: Window) -> Iterator[Finding]:
    """One finding for each operation or query and each line of code that repeats it."""
    found: dict[tuple[str, str, str, str | None], Repeated] = defaultdict(Repeated)
    for service, peer_kind, name, place, trace_id, parent_id, times, time in window.query(
        _REPEATED, TIMES
    ):
        found[service, peer_kind, name, place].add(trace_id, parent_id, times, time)
    for (service, peer_kind, name, place), repeated in found.items():
        if len(repeated.traces) >= TRACES and window.declared.has(service):
            yield _finding(window, service, peer_kind == "database", name, place, repeated)


def _finding(
    window: Window, service: str, query: bool, name: str, place: str | None, repeated: Repeated
) -> Finding:
    within = window.name_of(*repeated.parent)
    where = f" within {within}" if within else ""
    average = repeated.times / repeated.parents
    examples = sorted(repeated.traces, key=lambda id: -repeated.traces[id])[:EXAMPLES]
    line = f" by the same line, {place}," if place else ""
    return Finding(
        kind="repeated-query" if query else "call-in-loop" if place else "repeated-call",
        subject=f"{service}: {name}",
        sentence=f"{name} is {'run' if query else 'called'}{line} {average:.1f} times{where}, "
        f"{repeated.most} times at most, in {len(repeated.traces)} traces; it takes "
        f"{duration(repeated.cost / repeated.parents)} each time.",
        remedy=_QUERY if query else _CALL,
        counts={
            "traces": len(repeated.traces),
            "repetitions": repeated.times,
            "repetitions each": average,
            "at most": repeated.most,
        },
        places=(place,) if place else (),
        traces=tuple(id.hex() for id in examples),
        cost=repeated.cost,
    )


_QUERY = (
    "Read the rows together: select_related() or prefetch_related() on the outer query, or one "
    "query with __in before the loop."
)
_CALL = (
    "Ask once for all of it: give the operation a list and answer a list, or keep a replica of "
    "what is asked for."
)
