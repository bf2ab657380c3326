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

__all__ = ["Partition", "cohesions", "louvain", "modularity", "polish", "settle"]

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
    labels = list(range(len(graph)))
    while True:
        order = list(range(len(graph)))
        chance.shuffle(order)
        moved, ties = _settled(graph, range(len(graph)), order)
        number = {label: place for place, label in enumerate(dict.fromkeys(moved))}
        if len(number) == len(moved):
            return labels
        labels = [number[moved[label]] for label in labels]
        graph = graph.contract(moved, ties)


def settle(
    graph: Graph, labels: Sequence[int], order: Sequence[int], most: float = inf
) -> list[int]:
    """Move nodes in this `order` to the neighbouring community that gains most, until none gains.

    Gain is that of modularity. Labels are 0 or more. A node that is not in `order` stays where they
    have it, a pinned one joins no community with another pin, and none joins one of more than
    `most` members with it.
    """
    return _settled(graph, labels, order, most)[0]


def _settled(
    graph: Graph, labels: Sequence[int], order: Sequence[int], most: float = inf
) -> tuple[list[int], Ties]:
    """The same, with what ties each node to each community in the end.

    These ties are kept up to date while nodes move, for most nodes are looked at several times and
    move once; that weights sum up exactly lets none be left over where nothing ties any more.
    """
    ties = graph.ties(labels)
    labels = list(labels)
    neighbours, degrees, sizes, fixed = graph.neighbours, graph.degrees, graph.sizes, graph.pins
    totals = [0.0] * (max(labels, default=-1) + 1)
    pins = [-1] * len(totals)
    filled = [0] * len(totals)
    for node, label in enumerate(labels):
        totals[label] += degrees[node]
        pins[label] = max(pins[label], fixed[node])
        filled[label] += sizes[node]
    whole = sum(degrees)
    # Once all have been asked since somebody moved, nobody will.
    last = order[-1] if order and whole > 0 else None
    while last is not None:
        for node in order:
            here, around = labels[node], ties[node]
            best = here
            if len(around) > 1 or here not in around:
                pin, degree = fixed[node], degrees[node]
                room = most - sizes[node]
                expected = degree / whole
                highest = around.get(here, 0.0) - expected * (totals[here] - degree) + LEAST_GAIN
                for label, weight in around.items():
                    gain = weight - expected * totals[label]
                    if gain > highest and (pin < 0 or pins[label] < 0) and filled[label] <= room:
                        best, highest = label, gain
            if best == here:
                if node == last:
                    return labels, ties
                continue
            last = node
            labels[node] = best
            totals[here] -= degree
            totals[best] += degree
            filled[here] -= sizes[node]
            filled[best] += sizes[node]
            if pin >= 0:  # it brings its pin along: a graph has each pin on one node only
                pins[here], pins[best] = -1, pin
            for other, weight in neighbours[node].items():
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
        alone = range(len(groups))
        joined = settle(groups, alone, alone)
        found = Partition([joined[number[label]] for label in moved], modularity(groups, joined))
        if found.modularity <= best.modularity + LEAST_GAIN:
            return best
        best = found


def modularity(graph: Graph, labels: Sequence[int]) -> float:
    """Newman's modularity of a partition, -0.5 to 1; 0 for a graph without ties."""
    whole = sum(graph.degrees)
    if not whole:
        return 0.0
    inside = 2 * sum(graph.loops)
    totals: dict[int, float] = {}
    for label, degree, ties in zip(labels, graph.degrees, graph.neighbours, strict=True):
        totals[label] = totals.get(label, 0.0) + degree
        for other, weight in ties.items():
            if labels[other] == label:
                inside += weight
    return inside / whole - sum((total / whole) ** 2 for total in totals.values())


def cohesions(graph: Graph, labels: Sequence[int]) -> dict[int, float]:
    """Share of the weight at each community that stays inside, 0 to 1; coupling is the rest.

    One that is tied to nothing, not even within, holds together by nothing and leaks nothing: 1.
    """
    inside: dict[int, float] = dict.fromkeys(labels, 0.0)
    every: dict[int, float] = dict.fromkeys(labels, 0.0)
    for node, label in enumerate(labels):
        every[label] += graph.degrees[node]
        inside[label] += 2 * graph.loops[node]
        for other, weight in graph.neighbours[node].items():
            if labels[other] == label:
                inside[label] += weight
    return {label: inside[label] / every[label] if every[label] else 1.0 for label in inside}
