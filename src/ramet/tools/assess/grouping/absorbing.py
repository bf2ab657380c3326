"""Joins communities that could not stand alone to the one that they lean on most."""

from __future__ import annotations

from collections.abc import Sequence

from ramet.tools.assess.grouping.graph import Graph

__all__ = ["MOST_MODELS", "absorb"]

MOST_MODELS = 20
"""No group is joined to another beyond this, nor grows beyond it by the pull of hubs.

It is the upper end of what counts as usual in Kalia et al., "Mono2Micro", 2021 (measure NED).
Louvain by itself may find larger groups.
"""


def absorb(graph: Graph, labels: Sequence[int]) -> list[int]:
    """The partition in which each group holds more weight inside than leaves it, where possible.

    That is a community in the weak sense of Radicchi et al., "Defining and identifying communities
    in networks", 2004. The weakest is joined first, to the neighbour that it is tied to most.
    """
    groups = graph.contract(labels)
    names = list(dict.fromkeys(labels))
    sizes = list(groups.sizes)
    inside = [2 * loop for loop in groups.loops]
    ties = [dict(each) for each in groups.neighbours]
    pins = list(groups.pins)
    joined = list(range(len(names)))
    while True:
        found = _weakest(inside, ties, sizes, pins)
        if found is None:
            break
        small, large = found
        for other, weight in ties[small].items():
            ties[other].pop(small)
            if other != large:
                ties[large][other] = ties[large].get(other, 0.0) + weight
                ties[other][large] = ties[large][other]
        inside[large] += inside[small] + 2 * ties[small][large]
        sizes[large] += sizes[small]
        pins[large] = max(pins[large], pins[small])
        ties[small] = {}
        joined = [large if group == small else group for group in joined]
    place = {label: joined[number] for number, label in enumerate(names)}
    return [place[label] for label in labels]


def _weakest(
    inside: list[float], ties: list[dict[int, float]], sizes: list[int], pins: list[int]
) -> tuple[int, int] | None:
    """The group that holds least of its weight, and the one that it should go to."""
    weak: list[tuple[float, int]] = []
    for group, around in enumerate(ties):
        outside = sum(around.values())
        if outside > inside[group]:
            weak.append((inside[group] / outside, group))
    for _, group in sorted(weak):
        hosts = [
            (-weight, other)
            for other, weight in ties[group].items()
            if sizes[group] + sizes[other] <= MOST_MODELS and -1 in (pins[group], pins[other])
        ]
        if hosts:
            return group, min(hosts)[1]
    return None
