"""What speaks for keeping models together, whatever it was taken from.

A Django project's scan gives it, and so do the calls of a Java program whose parting was published:
both are grouped by the very same code.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import combinations

import msgspec

from ramet.tools.assess.facts import EdgeKind, Function, Scan
from ramet.tools.assess.grouping import weights
from ramet.tools.assess.grouping.graph import Graph

__all__ = ["Evidence", "Link", "evidence_of", "weigh"]

Link = tuple[str, str, EdgeKind]
"""Who depends, on whom, and why."""

MOST_TOUCHED = 20
"""A function that touches more models than this, such as a fixture's, says nothing about a pair."""


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is known about `nodes`.

    `links` count the places of each reason, `contexts` say who was seen together, by name of the
    context. `apps` is the app of each, and may be empty. Each of `inseparable` stays in one piece.
    """

    nodes: Sequence[str]
    links: Mapping[Link, float]
    contexts: Mapping[str, Sequence[str]] = {}
    apps: Mapping[str, str] = {}
    inseparable: Sequence[tuple[str, str]] = ()


def evidence_of(scan: Scan) -> Evidence:
    """What a scan says about the project's own models; those of installed packages stay out."""
    own = {model.label: model.app for model in scan.models if model.is_own}
    places: defaultdict[Link, set[tuple[str, int]]] = defaultdict(set)
    for edge in scan.edges:
        if edge.source in own and edge.target in own and edge.source != edge.target:
            places[edge.source, edge.target, edge.kind].add((edge.file, edge.line))
    return Evidence(
        nodes=sorted(own),
        links={link: len(found) for link, found in places.items()},
        contexts={
            function.name: sorted(touched)
            for function in scan.functions
            if function.kind != "migration" and len(touched := _touched(function) & own.keys()) > 1
        },
        apps=own,
        inseparable=sorted(
            (source, target) for source, target, kind in places if kind in weights.INSEPARABLE
        ),
    )


def weigh(evidence: Evidence, *, without: Collection[str] = ()) -> Graph:
    """The weighted graph of all nodes but those `without`."""
    nodes = [node for node in evidence.nodes if node not in without]
    ties: defaultdict[tuple[str, str], float] = defaultdict(float)
    for (source, target, kind), times in sorted(evidence.links.items()):
        if kind not in weights.INSEPARABLE:
            ties[min(source, target), max(source, target)] += weights.of_link(kind, times)
    for pair, together in _seen_together(evidence, set(nodes)):
        ties[pair] += weights.of_context(weights.CONTEXT, together)
    for pair, together in _same_app(evidence.apps, nodes):
        ties[pair] += weights.of_context(weights.APP, together)
    return Graph.build(nodes, ties)


def _touched(function: Function) -> set[str]:
    return {*function.reads, *function.writes}


def _seen_together(evidence: Evidence, nodes: set[str]) -> Iterator[tuple[tuple[str, str], float]]:
    """Pairs that at least two contexts have seen together: once is chance."""
    times: Counter[tuple[str, str]] = Counter()
    together: defaultdict[tuple[str, str], float] = defaultdict(float)
    for _, members in sorted(evidence.contexts.items()):
        seen = sorted(nodes.intersection(members))
        if len(seen) > MOST_TOUCHED:
            continue
        for pair in combinations(seen, 2):
            times[pair] += 1
            together[pair] += 1 / (len(seen) - 1)
    return ((pair, strength) for pair, strength in together.items() if times[pair] > 1)


def _same_app(
    apps: Mapping[str, str], nodes: Sequence[str]
) -> Iterator[tuple[tuple[str, str], float]]:
    """Every pair of an app; the larger the app, the less each pair is tied by it."""
    members: defaultdict[str, list[str]] = defaultdict(list)
    for node in nodes:
        if node in apps:
            members[apps[node]].append(node)
    for app in sorted(members):
        for pair in combinations(sorted(members[app]), 2):
            yield pair, 1 / (len(members[app]) - 1)
