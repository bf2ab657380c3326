"""The live map as a picture: what flowed and what was declared, laid out, with a word on each."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from math import log10
from operator import itemgetter

from ramet.tools.dashboard import layout
from ramet.tools.dashboard.declared import Flows
from ramet.tools.dashboard.formats import fitting
from ramet.tools.dashboard.layout import Box, Link, Placed, Route
from ramet.tools.dashboard.store import Edge, Map, Node
from ramet.tools.dashboard.verdicts import Verdict, share, verdicts

__all__ = ["Arrow", "Card", "Picture", "picture"]

_FIRST = frozenset({"service:gateway"})
_ORDER = {"service": 0, "external": 1, "event": 2, "database": 3}
_LABEL = (78.0, 32.0)
_DOT = (12.0, 12.0)
_HEIGHTS = {"service": 52.0}
_LOW = 34.0
_LETTER = 7.3
_LONGEST = 28
_UNUSED_NODE = (0.0, 0.0, 0, 0)


@dataclass(frozen=True, slots=True)
class Card:
    """A node and where it is; `name` fits into its box."""

    node: Node
    name: str
    verdict: Verdict
    at: Placed


@dataclass(frozen=True, slots=True)
class Arrow:
    """An edge and how it runs.

    `declared` is the `path:line` that shows it, None of what nobody declared, and "" where nothing
    needs to be: a service may always use its own database. `edge` is None where it was declared
    and nothing flowed.
    """

    source: Node
    target: Node
    edge: Edge | None
    declared: str | None
    route: Route
    level: str
    width: float

    @property
    def state(self) -> str:
        """`used`, `unused` (declared, and nothing flowed) or `undeclared`."""
        if self.edge is None:
            return "unused"
        return "used" if self.declared is not None else "undeclared"


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything that the page shows; `troubled` are degraded nodes, those first that blame no
    other."""

    cards: tuple[Card, ...]
    arrows: tuple[Arrow, ...]
    width: float
    height: float
    seconds: float

    @property
    def troubled(self) -> list[Card]:
        """The degraded, the causes before those who suffer from them."""
        found = [card for card in self.cards if card.verdict.level in {"warn", "bad"}]
        return sorted(found, key=lambda card: (len(card.verdict.blamed), card.verdict.level))

    def arrow(self, source: str, target: str) -> Arrow | None:
        """The arrow between two nodes, by their keys."""
        ends = (source, target)
        return next((a for a in self.arrows if (a.source.key, a.target.key) == ends), None)

    def card(self, key: str) -> Card | None:
        """The card of a node."""
        return next((card for card in self.cards if card.node.key == key), None)


def picture(
    now: Map,
    before: Map,
    flows: Flows,
    gone: Mapping[str, str],
    hidden: Collection[str] = (),
    *,
    recent: Map | None = None,
    lately: Map | None = None,
) -> Picture:
    """Lay out what flowed `now`; `hidden` are kinds of nodes, or "unused".

    `recent` and `lately` are what flowed in its last quarter of an hour and in its last minutes,
    for verdicts; without them, all of it is.
    """
    edges = {(edge.source, edge.target): edge for edge in now.edges}
    declared = _declared(now, flows)
    wanted = {**dict.fromkeys(declared), **edges}
    if "unused" in hidden:
        wanted = {ends: edge for ends, edge in wanted.items() if edge is not None}
    nodes = _nodes(now, wanted, hidden)
    shown = {
        ends: edge
        for ends, edge in wanted.items()
        if ends[0] != ends[1] and ends[0] in nodes and ends[1] in nodes
    }
    drawing = layout.draw(
        tuple(_box(node) for node in nodes.values()),
        tuple(Link(*ends, *(_LABEL if edge else _DOT)) for ends, edge in sorted(shown.items())),
    )
    judged = verdicts(now, recent or now, lately or now, before, gone)
    return Picture(
        cards=tuple(
            Card(
                node, fitting(node.name, _LONGEST), judged.get(key, Verdict("")), drawing.boxes[key]
            )
            for key, node in nodes.items()
        ),
        arrows=tuple(
            Arrow(
                source=nodes[ends[0]],
                target=nodes[ends[1]],
                edge=edge,
                declared=declared.get(ends, None if _needs_declaring(ends, flows) else ""),
                route=drawing.routes[ends],
                level=_level(edge),
                width=1.25 + min(2.5, log10(1 + edge.calls)) * 0.7 if edge else 1.0,
            )
            for ends, edge in sorted(shown.items(), key=itemgetter(0))
        ),
        width=drawing.width,
        height=drawing.height,
        seconds=now.seconds,
    )


def _declared(now: Map, flows: Flows) -> dict[tuple[str, str], str]:
    """What may flow, as ends of edges. A subscription is to whatever events its publisher has:
    which ones, only those that flowed tell."""
    found = {
        (f"service:{caller}", f"service:{callee}"): where
        for (caller, callee), where in flows.calls.items()
    }
    publishers: dict[str, set[str]] = {}
    for node in now.nodes:
        owner = flows.publisher(node.name) if node.kind == "event" else None
        if owner is not None:  # it may have published long before this window
            publishers[node.key] = {f"service:{owner}"}
    for edge in now.edges:
        if not edge.target.startswith("service:"):
            publishers.setdefault(edge.target, set()).add(edge.source)
    used: set[tuple[str, str]] = set()
    for edge in now.edges:
        for publisher in publishers.get(edge.source, ()):
            pair = (publisher.partition(":")[2], edge.target.partition(":")[2])
            where = flows.events.get(pair, "its own" if pair[0] == pair[1] else None)
            if where is not None:
                found[edge.source, edge.target] = where
                used.add(pair)
    for pair, where in flows.events.items():
        if pair not in used:
            found.setdefault((f"service:{pair[0]}", f"service:{pair[1]}"), where)
    return found


def _needs_declaring(ends: tuple[str, str], flows: Flows) -> bool:
    """Only between services, and only where a project declares anything at all."""
    return bool(flows.calls) and ends[1].startswith("service:")


def _nodes(
    now: Map, wanted: Mapping[tuple[str, str], Edge | None], hidden: Collection[str]
) -> dict[str, Node]:
    found = {node.key: node for node in now.nodes}
    for ends in wanted:
        for key in ends:
            kind, _, name = key.partition(":")
            found.setdefault(key, Node(key, kind, name, *_UNUSED_NODE))
    kept = [node for node in found.values() if node.kind not in hidden]
    kept.sort(key=lambda node: (node.key not in _FIRST, _ORDER.get(node.kind, 9), node.name))
    return {node.key: node for node in kept}


def _box(node: Node) -> Box:
    width = min(max(140.0, len(fitting(node.name, _LONGEST)) * _LETTER + 62), 250.0)
    return Box(
        node.key,
        width=width,
        height=_HEIGHTS.get(node.kind, _LOW),
        first=node.key in _FIRST,
        last=node.kind != "service",
    )


def _level(edge: Edge | None) -> str:
    failing = share(edge.errors, edge.calls) if edge else 0.0
    return "bad" if failing >= 0.05 else "warn" if failing >= 0.01 else ""
