"""A weighted undirected graph on integers, small enough to be walked thousands of times."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

__all__ = ["Graph"]


@dataclass(frozen=True, slots=True)
class Graph:
    """Nodes 0..n-1, each with what it stands for: one member, or several that stay together.

    `neighbours` holds each tie at both of its ends, `loops` the weight within a node. A node with a
    `pin` of 0 or more never joins one with another pin; -1 is none. The order of everything follows
    from the names alone, so the same input walks the same way.
    """

    members: list[tuple[str, ...]]
    neighbours: list[dict[int, float]]
    loops: list[float]
    pins: list[int]

    @classmethod
    def build(cls, nodes: Sequence[str], ties: Mapping[tuple[str, str], float]) -> Graph:
        """One node for each name, none pinned; ties to unknown names, and of no weight, go."""
        index = {name: number for number, name in enumerate(sorted(nodes))}
        neighbours: list[dict[int, float]] = [{} for _ in index]
        for (one, other), weight in sorted(ties.items()):
            if one in index and other in index and one != other and weight > 0:
                left, right = index[one], index[other]
                neighbours[left][right] = neighbours[left].get(right, 0.0) + weight
                neighbours[right][left] = neighbours[right].get(left, 0.0) + weight
        return cls(
            members=[(name,) for name in index],
            neighbours=neighbours,
            loops=[0.0] * len(index),
            pins=[-1] * len(index),
        )

    def contract(self, labels: Sequence[int]) -> Graph:
        """One node for each label, in the order of their first bearers."""
        number = {label: place for place, label in enumerate(dict.fromkeys(labels))}
        members: list[list[str]] = [[] for _ in number]
        neighbours: list[dict[int, float]] = [{} for _ in number]
        loops = [0.0] * len(number)
        pins = [-1] * len(number)
        for node, label in enumerate(labels):
            here = number[label]
            members[here].extend(self.members[node])
            loops[here] += self.loops[node]
            pins[here] = max(pins[here], self.pins[node])
            ties = neighbours[here]
            for other, weight in self.neighbours[node].items():
                there = number[labels[other]]
                if there == here:
                    loops[here] += weight / 2  # met again at the other end
                else:
                    ties[there] = ties.get(there, 0.0) + weight
        return Graph([tuple(names) for names in members], neighbours, loops, pins)

    def pinned(self, groups: Iterable[Iterable[str]], together: Iterable[Iterable[str]]) -> Graph:
        """With each of `groups` as one pinned node, and each of `together` in one piece."""
        index = {name: node for node, names in enumerate(self.members) for name in names}
        leader = list(range(len(self.members)))

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
        fixed = [pins[label] for label in labels]
        return Graph(self.members, self.neighbours, self.loops, fixed).contract(labels)

    def degrees(self) -> list[float]:
        """Weight of the ties of each node, its own loop at both ends."""
        return [
            sum(ties.values()) + 2 * loop
            for ties, loop in zip(self.neighbours, self.loops, strict=True)
        ]

    def digest(self) -> str:
        """A hash of all that decides how this graph is grouped."""
        told = hashlib.sha256()
        for each in (self.members, [sorted(t.items()) for t in self.neighbours], self.pins):
            told.update(repr(each).encode())
        return told.hexdigest()
