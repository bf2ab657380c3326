"""Communities of a graph by the Louvain method (Blondel et al., 2008), with pins and a seed.

Written out because networkx's takes several times as long on 1,000 models and knows no pins;
a test compares the modularity that both reach.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from math import inf

from ramet.tools.assess.grouping.graph import Graph

__all__ = ["louvain", "modularity", "polish", "settle"]

LEAST_GAIN = 1e-12
"""What rounding can make up is no gain, or nodes would move for ever."""


def louvain(graph: Graph, seed: str) -> list[int]:
    """The community of each node; communities are numbered by their first node.

    The same seed gives the same answer on every machine.
    """
    chance = random.Random(seed)  # noqa: S311 - an order to visit nodes in, nothing secret
    labels = list(range(len(graph.members)))
    while True:
        alone = list(range(len(graph.members)))
        order = list(alone)
        chance.shuffle(order)
        moved = settle(graph, alone, order)
        number = {label: place for place, label in enumerate(dict.fromkeys(moved))}
        if len(number) == len(moved):
            return labels
        labels = [number[moved[label]] for label in labels]
        graph = graph.contract(moved)


def settle(
    graph: Graph, labels: Sequence[int], order: Sequence[int], most: float = inf
) -> list[int]:
    """Move nodes in this `order` to the neighbouring community that gains most, until none gains.

    Gain is that of modularity. A node that is not in `order` stays where `labels` have it, a pinned
    one joins no community with another pin, and none joins one of more than `most` members with it.
    """
    labels = list(labels)
    degrees = graph.degrees()
    whole = sum(degrees)
    totals: dict[int, float] = {}
    pins: dict[int, int] = {}
    sizes: dict[int, int] = {}
    for node, label in enumerate(labels):
        totals[label] = totals.get(label, 0.0) + degrees[node]
        pins[label] = max(pins.get(label, -1), graph.pins[node])
        sizes[label] = sizes.get(label, 0) + len(graph.members[node])
    is_moving = whole > 0
    while is_moving:
        is_moving = False
        for node in order:
            here, pin, expected = labels[node], graph.pins[node], degrees[node] / whole
            size = len(graph.members[node])
            ties = {here: 0.0}
            for other, weight in graph.neighbours[node].items():
                label = labels[other]
                ties[label] = ties.get(label, 0.0) + weight
            totals[here] -= degrees[node]
            best, highest = here, ties[here] - expected * totals[here] + LEAST_GAIN
            for label, weight in ties.items():
                gain = weight - expected * totals[label]
                if (
                    gain > highest
                    and (pin < 0 or pins[label] < 0 or label == here)
                    and sizes[label] + size <= most
                ):
                    best, highest = label, gain
            totals[best] += degrees[node]
            if best != here:
                labels[node] = best
                sizes[here] -= size
                sizes[best] += size
                is_moving = True
                if pin >= 0:  # it brings its pin along: a graph has each pin on one node only
                    pins[here], pins[best] = -1, pin
    return labels


def polish(graph: Graph, labels: Sequence[int]) -> list[int]:
    """Move nodes, then whole communities, in their own order, for as long as modularity gains.

    No chance is left in it: partitions that are close to the same optimum become that optimum.
    """
    best = list(labels)
    while True:
        moved = settle(graph, best, range(len(best)))
        number = {label: place for place, label in enumerate(dict.fromkeys(moved))}
        groups = graph.contract(moved)
        alone = list(range(len(groups.members)))
        joined = settle(groups, alone, alone)
        found = [joined[number[label]] for label in moved]
        if modularity(graph, found) <= modularity(graph, best) + LEAST_GAIN:
            return best
        best = found


def modularity(graph: Graph, labels: Sequence[int]) -> float:
    """Newman's modularity of a partition, -0.5 to 1; 0 for a graph without ties."""
    degrees = graph.degrees()
    whole = sum(degrees)
    if not whole:
        return 0.0
    inside = 0.0
    totals: dict[int, float] = {}
    for node, label in enumerate(labels):
        totals[label] = totals.get(label, 0.0) + degrees[node]
        inside += 2 * graph.loops[node]
        inside += sum(
            weight for other, weight in graph.neighbours[node].items() if labels[other] == label
        )
    return inside / whole - sum((total / whole) ** 2 for total in totals.values())
