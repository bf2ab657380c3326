"""What the published measures are taken of: calls between models, and who is seen where."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from ramet.tools.assess.facts import Scan
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
    """Of each model, who reads or writes it, themselves or through what they call."""
    functions = {function.name: function for function in scan.functions}
    contexts: defaultdict[str, set[str]] = defaultdict(set)
    for start in scan.functions:
        if start.kind in ("function", "migration"):
            continue
        seen = {start.name}
        reached = [start]
        for function in reached:  # which grows
            for name in function.calls:
                if name in functions and name not in seen:
                    seen.add(name)
                    reached.append(functions[name])
            for model in function.reads:
                contexts[model].add(start.name)
            for model in function.writes:
                contexts[model].add(start.name)
    return contexts
