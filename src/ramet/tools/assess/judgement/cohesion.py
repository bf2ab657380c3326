"""How much of what ties a group's models stays within it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from ramet.tools.assess.facts import Function, Scan
from ramet.tools.assess.findings import Metrics
from ramet.tools.assess.grouping import Evidence
from ramet.tools.assess.grouping.graph import NamedGraph
from ramet.tools.assess.grouping.louvain import modularity
from ramet.tools.assess.judgement.metrics import measure

__all__ = ["cohesions", "measured", "modularity_of"]


def cohesions(graph: NamedGraph, group_of: Mapping[str, str]) -> dict[str, float]:
    """Share of the weight at each group's models that stays inside, 0 to 1; coupling is the rest.

    `graph` is without hubs: every group leans on the platform. A group that is tied
    to nothing, not even within, holds together by nothing and leaks nothing: 1.
    """
    inside: dict[str, float] = dict.fromkeys(group_of.values(), 0.0)
    every: dict[str, float] = dict.fromkeys(group_of.values(), 0.0)
    for (name,), ties in zip(graph.members, graph.neighbours, strict=True):
        group = group_of[name]
        for other, weight in ties.items():
            every[group] += weight
            if group_of[graph.members[other][0]] == group:
                inside[group] += weight
    return {group: inside[group] / every[group] if every[group] else 1.0 for group in inside}


def modularity_of(graph: NamedGraph, group_of: Mapping[str, str]) -> float:
    """Newman's modularity of the partition; `graph` is without the platform."""
    numbers = {group: number for number, group in enumerate(dict.fromkeys(group_of.values()))}
    return modularity(graph, [numbers[group_of[name]] for (name,) in graph.members])


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
    models: set[str] = set()
    seen = {start.name}
    left = [start]
    while left:
        function = left.pop()
        models.update(function.reads, function.writes)
        for name in function.calls:
            if name in functions and name not in seen:
                seen.add(name)
                left.append(functions[name])
    return models
