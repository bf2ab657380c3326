"""What the published measures are taken of: calls between models, and who is seen where."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from ramet.tools.assess.facts import Function, Scan
from ramet.tools.assess.findings import Metrics
from ramet.tools.assess.grouping import Evidence
from ramet.tools.assess.judgement.metrics import measure

__all__ = ["measured"]


def measured(scan: Scan, evidence: Evidence, group_of: Mapping[str, str]) -> Metrics:
    """The published measures: each reason of an edge is a call for every place that has it.

    A context is what somebody can start: a view, a task, a receiver or a command.
    """
    calls: defaultdict[tuple[str, str], float] = defaultdict(float)
    for (source, target, _), times in evidence.links.items():
        calls[source, target] += times
    return measure(group_of, calls, _contexts(scan))


def _contexts(scan: Scan) -> dict[str, set[str]]:
    functions = {function.name: function for function in scan.functions}
    contexts: defaultdict[str, set[str]] = defaultdict(set)
    for function in scan.functions:
        if function.kind not in ("function", "migration"):
            for model in _touched(function, functions):
                contexts[model].add(function.name)
    return contexts


def _touched(start: Function, functions: Mapping[str, Function]) -> set[str]:
    """Models that it reads or writes, itself or through what it calls."""
    models = {*start.reads, *start.writes}
    seen = {start.name}
    left = list(start.calls)
    while left:
        name = left.pop()
        if name in functions and name not in seen:
            seen.add(name)
            function = functions[name]
            models.update(function.reads, function.writes)
            left += function.calls
    return models
