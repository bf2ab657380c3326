"""In which order the nodes of each layer stand, so that few links cross."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Mapping, Sequence
from itertools import pairwise

__all__ = ["crossings", "order"]

_SWEEPS = 24

Layers = list[list[str]]
Neighbours = Mapping[str, Sequence[str]]


def order(columns: Layers, before: Neighbours, after: Neighbours) -> Layers:
    """The best order found by sweeps to and fro, each node at its neighbours' mean (barycentre)."""
    best, fewest = columns, crossings(columns, after)
    current = columns
    for sweep in range(_SWEEPS):
        if not fewest:
            break
        current = _swept(current, before if sweep % 2 == 0 else after, sweep % 2 == 1)
        found = crossings(current, after)
        if found < fewest:
            best, fewest = current, found
    return best


def crossings(columns: Layers, after: Neighbours) -> int:
    """How often links between neighbouring layers cross."""
    total = 0
    for left, right in pairwise(columns):
        place = {node: number for number, node in enumerate(right)}
        ends: list[int] = []
        for node in left:
            targets = sorted(place[target] for target in after[node] if target in place)
            total += sum(len(ends) - bisect_right(ends, target) for target in targets)
            for target in targets:
                insort(ends, target)
    return total


def _swept(columns: Layers, fixed: Neighbours, backwards: bool) -> Layers:
    swept: Layers = []
    for column in reversed(columns) if backwards else columns:
        place = {node: number for number, node in enumerate(swept[-1])} if swept else {}
        known = {node: [place[each] for each in fixed[node] if each in place] for node in column}
        # Who has no neighbour there keeps its place among the others.
        wanted = {
            node: sum(found) / len(found) if found else float(number)
            for number, (node, found) in enumerate(known.items())
        }
        swept.append(sorted(column, key=lambda node: wanted[node]))
    return swept[::-1] if backwards else swept
