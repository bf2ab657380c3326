"""Functions that use another group's model by its class, for which a scan has no edge.

`Payment.objects.filter(...)` in a function of orders joins nothing and goes along no relation. The
scan says of each function which models it reads and writes; where that is across a cut and no edge
within the function says so too, the function's own line is the place.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ramet.tools.assess.facts import Edge, Function, Scan
from ramet.tools.assess.judgement.places import PLATFORM, Places

__all__ = ["DirectUse", "direct_uses"]


class DirectUse(NamedTuple):
    """An edge of kind `accessor` from the function's app to the model, and whether it writes."""

    edge: Edge
    is_write: bool


def direct_uses(scan: Scan, places: Places) -> Iterator[DirectUse]:
    """One for each function and foreign model; migrations are history and left out."""
    functions = [each for each in scan.functions if each.kind != "migration"]
    told = _told(scan.edges, functions)
    for function in functions:
        if not (function.reads or function.writes):
            continue
        here = places.side(function.app)
        if here is None or here == PLATFORM:
            continue
        for model in sorted({*function.reads, *function.writes}):
            there = places.side(model)
            if there in (None, PLATFORM, here) or (function.file, function.line, model) in told:
                continue
            yield DirectUse(
                Edge(
                    kind="accessor",
                    source=function.app,
                    target=model,
                    field=function.name,
                    file=function.file,
                    line=function.line,
                    note="somewhere in this function, by the model's class",
                ),
                model in function.writes,
            )


def _told(edges: Sequence[Edge], functions: Sequence[Function]) -> set[tuple[str, int, str]]:
    """Which function (by file and line) has an edge to which model: the last to begin before it."""
    begins: defaultdict[str, list[int]] = defaultdict(list)
    for function in functions:
        begins[function.file].append(function.line)
    for lines in begins.values():
        lines.sort()
    told = set()
    for edge in edges:
        lines = begins.get(edge.file, [])
        place = bisect_right(lines, edge.line)
        if place:
            told.add((edge.file, lines[place - 1], edge.target))
    return told
