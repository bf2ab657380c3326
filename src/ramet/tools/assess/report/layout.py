"""Where each model stands on the map: the same place for the same report.

Groups are circles that pull each other by what connects them and never overlap. In a circle the
models stand in rings, the best connected inmost, each turned towards the groups that it knows.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

__all__ = ["Circle", "Layout", "laid_out"]

_SPACING = 62.0
_MARGIN = 46.0
_GAP = 60.0
_ROUNDS = 120

Pair = tuple[str, str]
Point = tuple[float, float]


class Circle(NamedTuple):
    """A group's place."""

    x: float
    y: float
    radius: float


class Layout(NamedTuple):
    """Circles in the order of the groups, and a place for each model."""

    circles: list[Circle]
    places: dict[str, Point]


def laid_out(groups: Sequence[Sequence[str]], connections: Mapping[Pair, int]) -> Layout:
    """Places for the models of each group; `connections` counts what connects two models."""
    group_of = {model: number for number, group in enumerate(groups) for model in group}
    between: Counter[tuple[int, int]] = Counter()
    neighbours: dict[str, Counter[str]] = defaultdict(Counter)
    for (one, other), count in connections.items():
        if one in group_of and other in group_of and one != other:
            neighbours[one][other] += count
            neighbours[other][one] += count
            a, b = sorted((group_of[one], group_of[other]))
            if a != b:
                between[a, b] += count
    radii = [_radius(len(group)) for group in groups]
    centres = _spread(radii, between)
    places: dict[str, Point] = {}
    for number, group in enumerate(groups):
        places |= _rings(group, centres[number], neighbours, group_of, centres)
    circles = [Circle(x, y, r) for (x, y), r in zip(centres, radii, strict=True)]
    return Layout(circles, places)


def _radius(models: int) -> float:
    ring, room = 0, 1
    while room < models:
        ring += 1
        room += _room(ring)
    return ring * _SPACING + _MARGIN


def _room(ring: int) -> int:
    """How many models stand in a ring; one in the middle."""
    return max(1, int(2 * math.pi * ring))


def _spread(radii: Sequence[float], between: Mapping[tuple[int, int], int]) -> list[Point]:
    """Centres of circles that do not overlap, connected ones near each other."""
    if len(radii) <= 1:
        return [(0.0, 0.0)] * len(radii)
    order = _around(len(radii), between)
    reach = sum(radii) / math.pi + _GAP
    points = [0j] * len(radii)
    for turn, number in enumerate(order):
        angle = 2 * math.pi * turn / len(order)
        points[number] = complex(reach * math.cos(angle) * 1.35, reach * math.sin(angle))
    pairs = [(a, b, radii[a] + radii[b] + _GAP) for a, b in combinations(range(len(radii)), 2)]
    heaviest = max(between.values(), default=1)
    pulls = [(a, b, math.sqrt(count / heaviest)) for (a, b), count in between.items()]
    for round_ in range(_ROUNDS):
        points = _parted(_pulled(points, pulls, 0.06 * (1 - round_ / _ROUNDS)), pairs)
    for _ in range(400):
        apart = _parted(points, pairs)
        if apart == points:
            break
        points = apart
    return [(round(point.real, 1), round(point.imag, 1)) for point in points]


def _around(groups: int, between: Mapping[tuple[int, int], int]) -> list[int]:
    """An order around a circle in which neighbours are well connected."""
    weight = {**between, **{(b, a): count for (a, b), count in between.items()}}
    left = set(range(groups))
    order: list[int] = []
    while left:
        last = order[-1] if order else -1
        chosen = max(left, key=lambda each: (weight.get((last, each), 0), -each))
        order.append(chosen)
        left.remove(chosen)
    return order


def _pulled(
    points: Sequence[complex], pulls: Sequence[tuple[int, int, float]], heat: float
) -> list[complex]:
    """`pulls` are how strongly two of them pull each other, 0 to 1."""
    moved = [complex(p.real * (1 - heat / 3), p.imag * (1 - heat / 2)) for p in points]
    for a, b, pull in pulls:
        step = (points[b] - points[a]) * (heat * pull / 2)
        moved[a] += step
        moved[b] -= step
    return moved


def _parted(points: Sequence[complex], pairs: Sequence[tuple[int, int, float]]) -> list[complex]:
    """`pairs` are all of them, with how far apart they are wanted; who is not is parted by a little
    more, so that rounding leaves nothing to do."""
    moved = list(points)
    for a, b, wanted in pairs:
        way = moved[b] - moved[a]
        distance = abs(way)
        if distance >= wanted:
            continue
        if distance < 0.01:  # on top of each other: by their numbers, not by chance
            way, distance = complex(math.cos(a + b), math.sin(a + b)), 1.0
        push = way * ((wanted + 0.01 - distance) / 2 / distance)
        moved[a] -= push
        moved[b] += push
    return moved


def _rings(
    group: Iterable[str],
    centre: Point,
    neighbours: Mapping[str, Counter[str]],
    group_of: Mapping[str, int],
    centres: Sequence[Point],
) -> dict[str, Point]:
    def inside(model: str) -> int:
        around = neighbours.get(model, Counter())
        return sum(c for other, c in around.items() if group_of[other] == group_of[model])

    def pull(model: str) -> Point:
        x = y = 0.0
        for other, count in neighbours.get(model, Counter()).items():
            x += (centres[group_of[other]][0] - centre[0]) * count
            y += (centres[group_of[other]][1] - centre[1]) * count
        return x, y

    waiting = sorted(group, key=lambda model: (-inside(model), model))
    places: dict[str, Point] = {}
    ring = 0
    while waiting:
        room = 1 if ring == 0 else _room(ring)
        now, waiting = waiting[:room], waiting[room:]
        for model, angle in _seated({model: pull(model) for model in now}):
            places[model] = (
                round(centre[0] + ring * _SPACING * math.cos(angle), 1),
                round(centre[1] + ring * _SPACING * math.sin(angle), 1),
            )
        ring += 1
    return places


def _seated(pulls: Mapping[str, Point]) -> Iterator[tuple[str, float]]:
    """A seat around a circle for each, as an angle; who is pulled most chooses first."""
    free = [2 * math.pi * seat / len(pulls) for seat in range(len(pulls))]
    for model, (x, y) in sorted(pulls.items(), key=lambda each: (-math.hypot(*each[1]), each[0])):
        wanted = math.atan2(y, x)
        seat = max(free, key=lambda angle: math.cos(angle - wanted))
        free.remove(seat)
        yield model, seat
