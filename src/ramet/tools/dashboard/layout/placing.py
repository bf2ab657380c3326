"""How high the nodes of each layer stand: near their neighbours, and never over each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

__all__ = ["heights"]

_PASSES = 16


def heights(
    columns: Sequence[Sequence[str]],
    neighbours: Mapping[str, Sequence[tuple[str, float]]],
    sizes: Mapping[str, float],
) -> dict[str, float]:
    """The middle of each node, from 0; `neighbours` come with the weight of a straight link."""
    found: dict[str, float] = {}
    for column in columns:
        found |= _spread(column, dict.fromkeys(column, 0.0), sizes)
    for number in range(_PASSES):
        for column in columns if number % 2 == 0 else reversed(columns):
            wanted = {node: _mean(node, neighbours, found) for node in column}
            found |= _spread(column, wanted, sizes)
    top = min((found[node] - sizes[node] / 2 for node in found), default=0.0)
    return {node: middle - top for node, middle in found.items()}


def _mean(
    node: str,
    neighbours: Mapping[str, Sequence[tuple[str, float]]],
    found: Mapping[str, float],
) -> float:
    total = sum(weight for _, weight in neighbours[node])
    if not total:
        return found[node]
    return sum(found[each] * weight for each, weight in neighbours[node]) / total


def _spread(
    column: Sequence[str], wanted: Mapping[str, float], sizes: Mapping[str, float]
) -> dict[str, float]:
    """The places nearest to the wanted ones (least squares) that keep order and distance.

    Less the space that the nodes above need, places only have to rise: that is isotonic
    regression, which pooling adjacent violators solves (Barlow et al. 1972).
    """
    offsets: list[float] = []
    offset = 0.0
    for number, node in enumerate(column):
        offset += (sizes[column[number - 1]] + sizes[node]) / 2 if number else 0.0
        offsets.append(offset)
    pools: list[tuple[float, int]] = []
    for node, offset in zip(column, offsets, strict=True):
        mean, count = wanted[node] - offset, 1
        while pools and pools[-1][0] > mean:
            above, many = pools.pop()
            mean, count = (above * many + mean * count) / (many + count), many + count
        pools.append((mean, count))
    level = [mean for mean, count in pools for _ in range(count)]
    return {node: mean + offset for node, mean, offset in zip(column, level, offsets, strict=True)}
