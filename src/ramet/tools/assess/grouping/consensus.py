"""Many seeded runs made into one partition, with how far they agreed.

A single run of Louvain depends on the order in which it visits nodes. What most runs put together
belongs together; where they differ, the reader is told.
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import cache, partial
from itertools import combinations
from math import fsum
from typing import NamedTuple

from ramet.tools.assess.grouping.absorbing import absorb
from ramet.tools.assess.grouping.graph import NamedGraph
from ramet.tools.assess.grouping.louvain import Partition, louvain, polish

__all__ = ["Consensus", "find_consensus"]

MAJORITY = 0.5
"""Two groups are one where their models were together in at least this share of runs, averaged."""

ALIKE = 20
"""Where the first runs, so many, are all alike no more are made.

Another outcome that a seventh of all runs comes to is missed by them in one system of twenty.
"""

SURE = 5
"""A best partition to which so many runs came is hardly missed by those of another seed."""
FURTHER = 3
"""How many times the runs asked for may be added in search of it."""
BUDGET = 30_000
"""Nodes times polished runs, so that a large system does not take minutes."""
FEWEST = 10
"""Runs that are polished whatever the size."""
SAME = 1e-9

Together = dict[int, dict[int, float]]
"""Share of the runs in which two atoms were in one community, where it is not 0."""


class Consensus(NamedTuple):
    """A partition of a graph's nodes, and how far the runs bear it out."""

    graph: NamedGraph
    labels: list[int]
    runs: list[list[int]]
    together: Together
    atom_of: list[int]

    @property
    def agreement(self) -> float:
        """Share of the pairs of models that are together in every run, or in none, 0 to 1."""
        models: Counter[int] = Counter()
        for node, atom in enumerate(self.atom_of):
            models[atom] += self.graph.sizes[node]
        pairs = models.total() * (models.total() - 1) / 2
        disputed = sum(
            models[one] * models[other]
            for one, ties in self.together.items()
            for other, share in ties.items()
            if one < other and share < 1
        )
        return 1 - disputed / pairs if pairs else 1.0

    def stability(self, nodes: Sequence[int]) -> float:
        """Share of the runs, 0 to 1, in which a pair of `nodes` was together, on average.

        Of a single node it is the share of the runs in which it was alone.
        """
        if len(nodes) == 1:
            if self.graph.sizes[nodes[0]] > 1:
                return 1.0  # several models in one piece
            alone = sum(run.count(run[nodes[0]]) == 1 for run in self.runs)
            return alone / len(self.runs)
        atoms = [self.atom_of[node] for node in nodes]
        shares = [
            1.0 if one == other else self.together[one].get(other, 0.0)
            for one, other in combinations(atoms, 2)
        ]
        return fsum(shares) / len(shares)


def find_consensus(graph: NamedGraph, *, seeds: int, seed: int = 0) -> Consensus:
    """Group the graph `seeds` times, each with a seed of its own that follows from `seed`.

    No more than `ALIKE` times where these runs are all alike. The partition is what most runs put
    together, or the best single run where that has the higher modularity; in search of it more runs
    are made. (Clustering the matrix alone depends on the seed where two optima are nearly as good;
    a best run that several runs came to hardly ever does.)
    """
    single = _runs(graph, seeds, seed)
    # Where groups are clear most runs are alike, and what is made of them is made once.
    absorbed = cache(partial(absorb, graph))
    runs = [absorbed(labels) for labels in single]
    atoms = _atoms(runs, len(graph))
    together = _together(runs, atoms)
    atom_of = [0] * len(graph)
    for number, atom in enumerate(atoms):
        for node in atom:
            atom_of[node] = number
    merged = _merge(graph, atoms, together)
    consensus = polish(graph, [merged[atom] for atom in atom_of])
    best = _better(consensus, _best(graph, single, seed))
    return Consensus(graph, absorb(graph, best.labels), runs, together, atom_of)


def _runs(graph: NamedGraph, seeds: int, seed: int) -> list[tuple[int, ...]]:
    """One after the other, and no more where the first are all alike."""
    runs: list[tuple[int, ...]] = []
    for number in range(seeds):
        runs.append(tuple(louvain(graph, f"{seed}:{number}")))
        if len(runs) == ALIKE and len(set(runs)) == 1:
            break
    return runs


def _best(graph: NamedGraph, single: Sequence[tuple[int, ...]], seed: int) -> Partition:
    """The polished run of highest modularity, sought on until several runs have come to it."""
    most = min((1 + FURTHER) * len(single), max(FEWEST, BUDGET // max(len(graph), 1)))
    polished = cache(partial(polish, graph))
    best, times = polished(single[0]), 1
    for number in range(1, most):
        is_given = number < len(single)
        if times >= SURE and not is_given:
            break
        start = single[number] if is_given else tuple(louvain(graph, f"{seed}:{number}"))
        found = polished(start)
        gain = found.modularity - best.modularity
        times = 1 if gain > SAME else times + (gain > -SAME)
        best = _better(best, found)
    return best


def _better(one: Partition, other: Partition) -> Partition:
    """The one of higher modularity; of two that are as good the first in order, by no chance."""
    gain = other.modularity - one.modularity
    if abs(gain) > SAME:
        return other if gain > 0 else one
    return min(one, other, key=lambda each: _numbered(each.labels))


def _numbered(labels: list[int]) -> list[int]:
    """The same partition with its groups numbered by their first nodes."""
    number = {label: place for place, label in enumerate(dict.fromkeys(labels))}
    return [number[label] for label in labels]


def _atoms(runs: Sequence[Sequence[int]], size: int) -> list[list[int]]:
    """Nodes that no run has parted."""
    same: defaultdict[tuple[int, ...], list[int]] = defaultdict(list)
    for node in range(size):
        same[tuple(run[node] for run in runs)].append(node)
    return list(same.values())


def _together(runs: Sequence[Sequence[int]], atoms: list[list[int]]) -> Together:
    """The consensus matrix, without its zeros and its diagonal."""
    times: Counter[tuple[int, int]] = Counter()
    for run in runs:
        communities: defaultdict[int, list[int]] = defaultdict(list)
        for number, atom in enumerate(atoms):
            communities[run[atom[0]]].append(number)
        for members in communities.values():
            times.update(combinations(members, 2))
    together: Together = {number: {} for number in range(len(atoms))}
    for (one, other), count in times.items():
        together[one][other] = together[other][one] = count / len(runs)
    return together


def _merge(graph: NamedGraph, atoms: list[list[int]], together: Together) -> list[int]:
    """The group of each atom, by average linkage.

    The two groups that were together most are joined, while that was so in the majority of runs.
    """
    linked = {number: dict(ties) for number, ties in together.items()}
    sizes = [len(atom) for atom in atoms]
    pins = [max(graph.pins[node] for node in atom) for atom in atoms]
    group_of = list(range(len(atoms)))
    queue = [
        (-share, one, other)
        for one, ties in linked.items()
        for other, share in ties.items()
        if one < other and share >= MAJORITY
    ]
    heapq.heapify(queue)
    while queue:
        share, one, other = heapq.heappop(queue)
        if linked.get(one, {}).get(other) != -share or (pins[one] >= 0 and pins[other] >= 0):
            continue  # has changed since, or must stay apart
        for third in sorted({*linked[one], *linked[other]} - {one, other}):
            mean = (
                sizes[one] * linked[one].get(third, 0.0)
                + sizes[other] * linked[other].get(third, 0.0)
            ) / (sizes[one] + sizes[other])
            linked[one][third] = linked[third][one] = mean
            linked[third].pop(other, None)
            if mean >= MAJORITY:
                heapq.heappush(queue, (-mean, min(one, third), max(one, third)))
        linked[one].pop(other)
        del linked[other]
        sizes[one] += sizes[other]
        pins[one] = max(pins[one], pins[other])
        group_of = [one if group == other else group for group in group_of]
    return group_of
