"""Who is degraded, and why: from what flowed, what flowed before, and which processes run.

By the last minutes, where enough was asked in them, else by the last quarter of an hour: what
failed while the system started is history then. And of enough requests only: a few that failed are
shown with their figures, and no verdict.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ramet.tools.dashboard.formats import count, duration, percent
from ramet.tools.dashboard.store import Edge, Map, Node

__all__ = ["Verdict", "share", "verdicts"]

_SOME_ERRORS = 0.01
_MANY_ERRORS = 0.05
_SLOW = 1_000_000_000
# Slower than before is only told where a person would notice it.
_NOTICED = 100_000_000
_TIMES_SLOWER = 3
_FEWEST = 10
"""Requests that a verdict needs."""
_ACCIDENT = 0.05
"""Probability of what is taken for no accident any more."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`level` is good, warn, bad, or "" of what nobody used; `reasons` are sentences.

    `blamed` are the keys of nodes that it waits for or that refuse it.
    """

    level: str
    reasons: tuple[str, ...] = ()
    blamed: tuple[str, ...] = ()


def share(errors: float, of: float) -> float:
    """The part that failed, 0 to 1."""
    return errors / of if of else 0.0


def verdicts(
    now: Map, recent: Map, lately: Map, before: Map, gone: Mapping[str, str]
) -> dict[str, Verdict]:
    """A verdict on each node of `now`, compared with `before`; `recent` is its end, and `lately`
    the end of that.

    `gone` says by service which of its processes do not run.
    """
    latest = {node.key: node for node in lately.nodes}
    known = {node.key: node for node in recent.nodes}
    earlier = {node.key: node for node in before.nodes}
    outgoing, outgoing_lately = _by_source(recent), _by_source(lately)
    names = {node.key: node.name for node in now.nodes}
    found = {}
    for node in now.nodes:
        key, last = node.key, latest.get(node.key)
        is_enough = last is not None and last.requests >= _FEWEST
        judged = last if last and is_enough else _unless_mended(known.get(key), last)
        found[key] = _verdict(
            judged or replace(node, errors=0.0, p95=0),  # how it is now, nobody knows
            earlier.get(key),
            (outgoing_lately if is_enough else outgoing).get(key, []),
            names,
            gone.get(node.name, "") if node.kind == "service" else "",
        )
    return found


def _unless_mended(node: Node | None, last: Node | None) -> Node | None:
    """Its figures, without the errors where the last few requests show that it fails no more: if
    it did as before, that none of them failed would be a rare accident."""
    if node is None or last is None or last.errors:
        return node
    chance = (1 - share(node.errors, node.requests)) ** last.requests
    return replace(node, errors=0.0) if chance < _ACCIDENT else node


def _by_source(flowed: Map) -> dict[str, list[Edge]]:
    found: dict[str, list[Edge]] = {}
    for edge in flowed.edges:
        found.setdefault(edge.source, []).append(edge)
    return found


def _verdict(
    node: Node, before: Node | None, outgoing: list[Edge], names: Mapping[str, str], gone: str
) -> Verdict:
    failing = share(node.errors, node.requests) if node.requests >= _FEWEST else 0.0
    reasons, blamed = [gone] if gone else [], []
    if failing >= _SOME_ERRORS:
        reasons.append(f"{percent(failing)} of {count(node.requests)} fail")
    slow = _slowness(node, before)
    if slow:
        reasons.append(slow)
    for edge in outgoing:
        refused = share(edge.errors, edge.calls)
        name = names.get(edge.target, edge.target)
        if failing >= _SOME_ERRORS and refused >= _SOME_ERRORS:
            reasons.append(f"{percent(refused)} of what it asks of {name} fails")
            blamed.append(edge.target)
        elif slow and edge.p95 > node.p95 / 2:
            reasons.append(f"it waits for {name} ({duration(edge.p95)})")
            blamed.append(edge.target)
    if gone or failing >= _MANY_ERRORS:
        level = "bad"
    elif reasons:
        level = "warn"
    else:
        level = "good" if node.requests else ""
    return Verdict(level, tuple(reasons), tuple(blamed))


def _slowness(node: Node, before: Node | None) -> str:
    """Only of those who answer: how long a handler may take is its own business."""
    if node.kind not in {"service", "database", "external"} or node.requests < _FEWEST:
        return ""
    if before is not None and before.requests >= _FEWEST and node.p95 >= _NOTICED:
        times = node.p95 / max(before.p95, 1)
        if times >= _TIMES_SLOWER:
            return f"{times:.0f} times slower than before: 95% within {duration(node.p95)}"
    if node.p95 >= _SLOW:
        return f"slow: 95% within {duration(node.p95)}"
    return ""
