"""What speaks for keeping models together, whatever it was taken from.

A Django project's scan gives it, and so do the calls of a Java program whose parting was published:
both are grouped by the very same code.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import combinations

import msgspec

from ramet.tools.assess.facts import EdgeKind, Function, Scan
from ramet.tools.assess.grouping import weights
from ramet.tools.assess.grouping.graph import NamedGraph

__all__ = ["Evidence", "Link", "evidence_of", "weigh"]

Link = tuple[str, str, EdgeKind]
"""Who depends, on whom, and why."""


class Evidence(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """Everything that is known about `nodes`.

    `links` count the places of each reason, `contexts` say who was seen together, by name of the
    context, `transactions` who was written together. `apps` is the app of each, and may be empty.
    Each of `inseparable` stays in one piece.
    """

    nodes: Sequence[str]
    links: Mapping[Link, float]
    contexts: Mapping[str, Sequence[str]] = {}
    transactions: Sequence[Sequence[str]] = ()
    apps: Mapping[str, str] = {}
    inseparable: Sequence[tuple[str, str]] = ()

    @cached_property
    def linked(self) -> list[tuple[tuple[str, str], float]]:
        """What the links of each pair weigh, family by family."""
        return list(_linked(self.links))

    @cached_property
    def seen(self) -> list[Sequence[str]]:
        """Who was seen together, in the order of the contexts' names."""
        return [members for _, members in sorted(self.contexts.items())]


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
        transactions=[
            sorted({write.model for write in atomic.writes} & own.keys()) for atomic in scan.atomics
        ],
        apps=own,
        inseparable=sorted(
            (source, target) for source, target, kind in places if kind in weights.INSEPARABLE
        ),
    )


def weigh(evidence: Evidence, *, without: Collection[str] = ()) -> NamedGraph:
    """The weighted graph of all nodes but those `without`."""
    nodes = [node for node in evidence.nodes if node not in without]
    ties: defaultdict[tuple[str, str], float] = defaultdict(float)
    for pair, places in evidence.linked:
        ties[pair] += places
    kept = set(nodes)
    for weight, least, groups in (
        (weights.CONTEXT, 2, evidence.seen),
        (weights.TRANSACTION, 1, evidence.transactions),
    ):
        for pair, together in _seen_together(groups, kept, least):
            ties[pair] += weights.of_context(weight, together)
    for members in _by_app(evidence.apps, nodes):
        if len(members) > 1:
            weight = weights.of_app(len(members))
            for pair in combinations(members, 2):
                ties[pair] += weight
    return NamedGraph.build(nodes, ties)


def _touched(function: Function) -> set[str]:
    return {*function.reads, *function.writes}


def _linked(links: Mapping[Link, float]) -> Iterator[tuple[tuple[str, str], float]]:
    places: dict[str, dict[tuple[str, str], float]] = {each: {} for each in weights.FAMILIES}
    for (source, target, kind), times in sorted(links.items()):
        family = weights.FAMILY_OF.get(kind)
        if family is not None:
            of_pair = places[family]
            adds = weights.FAMILIES[family][1][kind] * times
            of_pair[source, target] = of_pair.get((source, target), 0.0) + adds
    for family, of_pair in places.items():
        scale = weights.FAMILIES[family][0]
        for (source, target), count in of_pair.items():
            pair = (source, target) if source < target else (target, source)
            yield pair, scale * weights.damped(count)


def _seen_together(
    groups: Sequence[Sequence[str]], nodes: set[str], least: int
) -> Iterator[tuple[tuple[str, str], float]]:
    """Pairs that at least so many groups have seen together; of functions two, for once is chance.

    The larger the group, the less it says about each of its pairs.
    """
    times: Counter[tuple[str, str]] = Counter()
    together: dict[tuple[str, str], float] = {}
    for members in groups:
        seen = sorted(nodes.intersection(members))
        times.update(combinations(seen, 2))
        says = 1 / max(len(seen) - 1, 1)
        for pair in combinations(seen, 2):
            together[pair] = together.get(pair, 0.0) + says
    return ((pair, strength) for pair, strength in together.items() if times[pair] >= least)


def _by_app(apps: Mapping[str, str], nodes: Sequence[str]) -> list[list[str]]:
    """The nodes of each app."""
    members: defaultdict[str, list[str]] = defaultdict(list)
    for node in sorted(nodes):
        if node in apps:
            members[apps[node]].append(node)
    return list(members.values())
