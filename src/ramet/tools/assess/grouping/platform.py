"""Models that everything leans on: they glue all groups into one, so they are taken out first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from math import sqrt
from typing import NamedTuple

from ramet.tools.assess.grouping.evidence import Evidence

__all__ = ["Hub", "find_hubs"]

OUTLIER = 3.0
"""Standard deviations above the mean number of dependants."""
FEWEST_DEPENDANTS = 8
FEWEST_MODELS = 20
"""In a smaller system a model that touches all others is still nobody's platform."""
SPREAD = 0.5
"""Participation coefficient above which the dependants belong to no one group."""


class Hub(NamedTuple):
    """A model with `dependants` many others that link to it, spread over the groups by `spread`."""

    node: str
    dependants: int
    spread: float


def find_hubs(evidence: Evidence, scouts: Callable[[], Sequence[Mapping[str, int]]]) -> list[Hub]:
    """Those whose number of dependants is an outlier, and whose dependants are in many groups.

    `scouts` part all nodes, hubs with them, several times, where there is an outlier. The spread is
    the participation coefficient of Guimera and Amaral, "Functional cartography of complex
    metabolic networks", 2005, on average: 0 where all dependants are in one group, which then is a
    group around its centre and no platform.
    """
    if len(evidence.nodes) < FEWEST_MODELS:
        return []
    dependants: dict[str, set[str]] = {node: set() for node in evidence.nodes}
    for source, target, _ in evidence.links:
        if source != target and source in dependants and target in dependants:
            dependants[target].add(source)
    counts = [len(each) for each in dependants.values()]
    mean = sum(counts) / len(counts)
    deviation = sqrt(sum((count - mean) ** 2 for count in counts) / len(counts))
    least = max(FEWEST_DEPENDANTS, mean + OUTLIER * deviation)
    outliers = {node: each for node, each in dependants.items() if len(each) >= least}
    partitions = scouts() if outliers else []
    hubs = [
        Hub(node, len(each), sum(_spread(each, groups) for groups in partitions) / len(partitions))
        for node, each in outliers.items()
    ]
    return sorted(
        (hub for hub in hubs if hub.spread >= SPREAD), key=lambda hub: (-hub.dependants, hub.node)
    )


def _spread(dependants: Collection[str], groups: Mapping[str, int]) -> float:
    counts = Counter(groups[each] for each in dependants)
    return 1 - sum(count**2 for count in counts.values()) / len(dependants) ** 2
