"""Communities of a graph by the Louvain method (Blondel et al., 2008), with pins and a seed.

Written out because networkx's takes several times as long on 1,000 models and knows no pins;
a test compares the modularity that both reach.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from math import inf
from typing import NamedTuple

from ramet.tools.assess.grouping.graph import Graph, Ties

__all__ = ["Partition", "louvain", "modularity", "polish", "settle"]

LEAST_GAIN = 1e-12
"""What rounding can make up is no gain, or nodes would move for ever."""


class Partition(NamedTuple):
    """The community of each node of a graph, and the modularity that they reach."""

    labels: list[int]
    modularity: float


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
        moved, ties = _settled(graph, alone, order)
        number = {label: place for place, label in enumerate(dict.fromkeys(moved))}
        if len(number) == len(moved):
            return labels
        labels = [number[moved[label]] for label in labels]
        graph = graph.contract(moved, ties)


def settle(
    graph: Graph, labels: Sequence[int], order: Sequence[int], most: float = inf
) -> list[int]:
    """Move nodes in this `order` to the neighbouring community that gains most, until none gains.

    Gain is that of modularity. A node that is not in `order` stays where `labels` have it, a pinned
    one joins no community with another pin, and none joins one of more than `most` members with it.
    """
    return _settled(graph, labels, order, most)[0]


def _settled(
    graph: Graph, labels: Sequence[int], order: Sequence[int], most: float = inf
) -> tuple[list[int], Ties]:
    """The same, with what ties each node to each community in the end.

    These ties are kept up to date while nodes move, for most nodes are looked at several times and
    move once; that weights sum up exactly lets none be left over where nothing ties any more.
    """
    labels = list(labels)
    ties = graph.ties(labels)
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
            here, pin, degree, around = labels[node], graph.pins[node], degrees[node], ties[node]
            size, expected = len(graph.members[node]), degree / whole
            best = here
            highest = around.get(here, 0.0) - expected * (totals[here] - degree) + LEAST_GAIN
            for label, weight in around.items():
                gain = weight - expected * totals[label]
                if gain > highest and (pin < 0 or pins[label] < 0) and sizes[label] + size <= most:
                    best, highest = label, gain
            if best == here:
                continue
            is_moving = True
            labels[node] = best
            totals[here] -= degree
            totals[best] += degree
            sizes[here] -= size
            sizes[best] += size
            if pin >= 0:  # it brings its pin along: a graph has each pin on one node only
                pins[here], pins[best] = -1, pin
            for other, weight in graph.neighbours[node].items():
                near = ties[other]
                left = near[here] - weight
                if left:
                    near[here] = left
                else:
                    del near[here]
                near[best] = near.get(best, 0.0) + weight
    return labels, ties


def polish(graph: Graph, labels: Sequence[int]) -> Partition:
    """Move nodes, then whole communities, in their own order, for as long as modularity gains.

    No chance is left in it: partitions that are close to the same optimum become that optimum.
    """
    best = Partition(list(labels), modularity(graph, labels))
    while True:
        moved, ties = _settled(graph, best.labels, range(len(best.labels)))
        number = {label: place for place, label in enumerate(dict.fromkeys(moved))}
        groups = graph.contract(moved, ties)
        alone = list(range(len(groups.members)))
        joined = settle(groups, alone, alone)
        found = Partition([joined[number[label]] for label in moved], modularity(groups, joined))
        if found.modularity <= best.modularity + LEAST_GAIN:
            return best
        best = found


def modularity(graph: Graph, labels: Sequence[int]) -> float:
    """Newman's modularity of a partition, -0.5 to 1; 0 for a graph without ties."""
    groups = graph.contract(labels)
    totals = groups.degrees()
    whole = sum(totals)
    if not whole:
        return 0.0
    return 2 * sum(groups.loops) / whole - sum((total / whole) ** 2 for total in totals)
