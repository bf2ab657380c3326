"""A weighted undirected graph on integers, small enough to be walked thousands of times."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from operator import eq

import msgspec

__all__ = ["Graph", "NamedGraph", "Ties"]

FINEST = 2.0**-20
"""What all weights are multiples of: their sums are exact then, in whatever order."""

Ties = list[dict[int, float]]
"""Of each node, the weight of what ties it to each other node, or to each community."""


class Graph(msgspec.Struct, frozen=True):
    """Nodes 0..n-1, each of which stands for one model, or for several that stay together.

    `neighbours` holds each tie at both of its ends, `loops` the weight within a node, `degrees` the
    sum of both, a loop at both ends. `sizes` count models. A node with a `pin` of 0 or more never
    joins one with another pin; -1 is none.
    """

    neighbours: Ties
    loops: list[float]
    degrees: list[float]
    sizes: list[int]
    pins: list[int]

    def __len__(self) -> int:
        return len(self.pins)

    def ties(self, labels: Sequence[int]) -> Ties:
        """What ties each node to each community, its own too; `labels` have that of each node."""
        if all(map(eq, labels, range(len(labels)))):
            return list(map(dict.copy, self.neighbours))
        found: Ties = []
        for each in self.neighbours:
            around: dict[int, float] = {}
            for other, weight in each.items():
                label = labels[other]
                around[label] = around.get(label, 0.0) + weight
            found.append(around)
        return found

    def contract(self, labels: Sequence[int], ties: Ties | None = None) -> Graph:
        """One node for each label, in the order of their first bearers.

        `ties` are those of the labels where they are known already.
        """
        number = {label: place for place, label in enumerate(dict.fromkeys(labels))}
        neighbours: Ties = [{} for _ in number]
        loops, degrees = [0.0] * len(number), [0.0] * len(number)
        sizes, pins = [0] * len(number), [-1] * len(number)
        for node, around in enumerate(ties or self.ties(labels)):
            here = number[labels[node]]
            loops[here] += self.loops[node]
            degrees[here] += self.degrees[node]
            sizes[here] += self.sizes[node]
            pins[here] = max(pins[here], self.pins[node])
            near = neighbours[here]
            for label, weight in around.items():
                there = number[label]
                near[there] = near.get(there, 0.0) + weight
        for here, near in enumerate(neighbours):
            loops[here] += near.pop(here, 0.0) / 2  # met at both ends
        return Graph(neighbours, loops, degrees, sizes, pins)


class NamedGraph(Graph, frozen=True):
    """One that knows which models each node stands for.

    The order of everything follows from the names alone, so the same input walks the same way.
    """

    members: list[tuple[str, ...]]

    @classmethod
    def build(cls, nodes: Sequence[str], ties: Mapping[tuple[str, str], float]) -> NamedGraph:
        """One node for each name, none pinned; ties to unknown names, and of no weight, go."""
        index = {name: number for number, name in enumerate(sorted(nodes))}
        neighbours: Ties = [{} for _ in index]
        for (one, other), exact in sorted(ties.items()):
            weight = round(exact / FINEST) * FINEST
            if one in index and other in index and one != other and weight > 0:
                left, right = index[one], index[other]
                neighbours[left][right] = neighbours[left].get(right, 0.0) + weight
                neighbours[right][left] = neighbours[right].get(left, 0.0) + weight
        return cls(
            neighbours=neighbours,
            loops=[0.0] * len(index),
            degrees=[sum(around.values()) for around in neighbours],
            sizes=[1] * len(index),
            pins=[-1] * len(index),
            members=[(name,) for name in index],
        )

    def pinned(
        self, groups: Iterable[Iterable[str]], together: Iterable[Iterable[str]]
    ) -> NamedGraph:
        """With each of `groups` as one pinned node, and each of `together` in one piece."""
        index = {name: node for node, names in enumerate(self.members) for name in names}
        leader = list(range(len(self)))

        def find(node: int) -> int:
            while leader[node] != node:
                node = leader[node]
            return node

        pins = list(self.pins)
        for number, names in enumerate(groups):
            nodes = [index[name] for name in names if name in index]
            for node in nodes:
                pins[node] = number
                leader[find(node)] = find(nodes[0])
        for names in together:
            nodes = [index[name] for name in names if name in index]
            for node in nodes[1:]:
                here, there = find(nodes[0]), find(node)
                if here != there and -1 in (pins[here], pins[there]):
                    leader[there] = here
                    pins[here] = max(pins[here], pins[there])
        labels = [find(node) for node in range(len(leader))]
        members: dict[int, tuple[str, ...]] = {}
        for node, label in enumerate(labels):
            members[label] = (*members.get(label, ()), *self.members[node])
        whole = self.contract(labels)
        fixed = [pins[label] for label in members]
        return NamedGraph(
            whole.neighbours,
            whole.loops,
            whole.degrees,
            whole.sizes,
            fixed,
            list(members.values()),
        )
