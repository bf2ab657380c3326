"""Boxes and links to places and curves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise

from ramet.tools.dashboard.layout.layers import layers
from ramet.tools.dashboard.layout.ordering import order
from ramet.tools.dashboard.layout.placing import heights

__all__ = ["Box", "Drawing", "Link", "Placed", "Route", "draw"]

_MARGIN = 16.0
_COLUMN_GAP = 26.0
_ROW_GAP = 14.0
_THREAD = 10.0  # the height that a link needs where it passes a column


@dataclass(frozen=True, slots=True)
class Box:
    """Something to be placed; `first` at the left edge, `last` at the right one."""

    key: str
    width: float
    height: float
    first: bool = False
    last: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """From a box to another, with room for a label on its way."""

    source: str
    target: str
    label_width: float = 0.0
    label_height: float = 0.0


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a box is: its left upper corner."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Route:
    """How a link runs: the `d` of an SVG path from source to target, and the label's middle."""

    path: str
    label_x: float
    label_y: float


@dataclass(frozen=True, slots=True)
class Drawing:
    """The size of everything, the boxes by key, the links by their ends."""

    width: float
    height: float
    boxes: dict[str, Placed]
    routes: dict[tuple[str, str], Route]


@lru_cache(maxsize=16)
def draw(boxes: tuple[Box, ...], links: tuple[Link, ...]) -> Drawing:
    """The drawing of a graph; links from a box to itself are left out."""
    return _Drawer(boxes, [link for link in links if link.source != link.target]).draw()


@dataclass(slots=True)
class _Drawer:
    """Every link becomes a chain of small nodes, one in each layer that it passes.

    Layers of boxes are the even ones; in the odd ones between them, labels have their place: so
    none ever lies on a box or on another label.
    """

    boxes: Sequence[Box]
    links: Sequence[Link]
    widths: dict[str, float] = field(default_factory=dict)
    heights: dict[str, float] = field(default_factory=dict)
    chains: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    def draw(self) -> Drawing:
        column_of = self._columns()
        columns: list[list[str]] = [[] for _ in range(max(column_of.values(), default=-1) + 1)]
        for node, number in column_of.items():
            columns[number].append(node)
        before, after = defaultdict[str, list[str]](list), defaultdict[str, list[str]](list)
        neighbours = defaultdict[str, list[tuple[str, float]]](list)
        for chain in self.chains.values():
            for left, right in pairwise(chain):
                after[left].append(right)
                before[right].append(left)
                # A bend in the middle of a long link is uglier than one at its ends.
                weight = 4.0 if _is_thread(left) and _is_thread(right) else 1.0
                neighbours[left].append((right, weight))
                neighbours[right].append((left, weight))
        columns = order(columns, before, after)
        middles = heights(columns, neighbours, self.heights)
        return self._placed(columns, middles)

    def _columns(self) -> dict[str, int]:
        names = [box.key for box in self.boxes]
        found = layers(
            names,
            {(link.source, link.target) for link in self.links},
            {box.key for box in self.boxes if box.first},
            {box.key for box in self.boxes if box.last},
        )
        column_of = {node: 2 * layer for node, layer in found.items()}
        self.widths = {box.key: box.width for box in self.boxes}
        self.heights = {box.key: box.height + _ROW_GAP for box in self.boxes}
        for link in self.links:
            ends = (link.source, link.target)
            left, right = sorted(ends, key=lambda node: column_of[node])
            begin, end = column_of[left], column_of[right]
            # Two boxes of one layer: the link makes a turn through the columns beside them.
            passed = list(range(begin + 1, end)) if end > begin else [begin + 1]
            threads = [f"{link.source}\0{link.target}\0{number}" for number in passed]
            # Near the target: of a bundle of links, each label is beside what it is about.
            labelled = [n for n in passed if n % 2][-1 if left == link.source else 0]
            for thread, number in zip(threads, passed, strict=True):
                column_of[thread] = number
                carries = number == labelled
                self.widths[thread] = link.label_width if carries else 0.0
                self.heights[thread] = (link.label_height + 6.0) if carries else _THREAD
            self.chains[ends] = [left, *threads, right]
        return column_of

    def _placed(self, columns: Sequence[Sequence[str]], middles: dict[str, float]) -> Drawing:
        x, place = _MARGIN, dict[str, Placed]()
        for column in columns:
            width = max((self.widths[node] for node in column), default=0.0)
            for node in column:
                own = self.widths[node]
                height = self.heights[node] - (0 if _is_thread(node) else _ROW_GAP)
                left = x + (width - own) / 2 if _is_thread(node) else x
                place[node] = Placed(left, middles[node] - height / 2 + _MARGIN, own, height)
            x += width + _COLUMN_GAP
        bottom = max((each.y + each.height for each in place.values()), default=0.0)
        return Drawing(
            width=x - _COLUMN_GAP + _MARGIN,
            height=bottom + _MARGIN,
            boxes={box.key: place[box.key] for box in self.boxes},
            routes=self._routes(place),
        )

    def _routes(self, place: dict[str, Placed]) -> dict[tuple[str, str], Route]:
        ports = self._ports(place)
        routes = {}
        for (source, target), chain in self.chains.items():
            begin, end = place[chain[0]], place[chain[-1]]
            is_turn = begin.x == end.x
            points = [(begin.x + begin.width, ports[source, target, chain[0]])]
            label = (0.0, 0.0)
            for thread in chain[1:-1]:
                at = place[thread]
                middle = at.y + at.height / 2
                points += (
                    [(at.x, middle)] if is_turn else [(at.x, middle), (at.x + at.width, middle)]
                )
                if at.width:
                    label = (at.x + at.width / 2, middle)
            points.append((end.x + end.width * is_turn, ports[source, target, chain[-1]]))
            if chain[0] != source:
                points.reverse()
            routes[source, target] = Route(_curve(points), *label)
        return routes

    def _ports(self, place: dict[str, Placed]) -> dict[tuple[str, str, str], float]:
        """Where each link meets each of its two boxes: spread over the side, in an order in which
        they do not cross."""
        sides = defaultdict[tuple[str, bool], list[tuple[float, tuple[str, str]]]](list)
        for ends, chain in self.chains.items():
            first, second, last, end = chain[0], chain[1], chain[-2], chain[-1]
            is_turn = place[first].x == place[end].x
            sides[first, True].append((place[second].y, ends))
            sides[end, is_turn].append((place[last].y, ends))
        found = {}
        for (node, _), links in sides.items():
            box = place[node]
            step = min(12.0, (box.height - 12.0) / len(links))
            begin = box.y + box.height / 2 - step * (len(links) - 1) / 2
            for number, (_, ends) in enumerate(sorted(links)):
                found[*ends, node] = begin + number * step
        return found


def _is_thread(node: str) -> bool:
    return "\0" in node


def _curve(points: Sequence[tuple[float, float]]) -> str:
    """A path through all points that is level in each: nothing but its two ends has a direction."""
    (x, y), *rest = points
    parts = [f"M{x:.1f} {y:.1f}"]
    for to_x, to_y in rest:
        if abs(to_y - y) < 0.05:
            parts.append(f"H{to_x:.1f}")
        else:
            half = (to_x - x) / 2
            parts.append(
                f"C{x + half:.1f} {y:.1f} {to_x - half:.1f} {to_y:.1f} {to_x:.1f} {to_y:.1f}"
            )
        x, y = to_x, to_y
    return "".join(parts)
