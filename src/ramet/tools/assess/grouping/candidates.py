"""Evidence -> groups: hubs aside, many runs, a consensus, and the hubs brought home."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from functools import partial

import msgspec

from ramet.tools.assess.grouping.absorbing import MOST_MODELS, absorb
from ramet.tools.assess.grouping.consensus import find_consensus
from ramet.tools.assess.grouping.evidence import Evidence, weigh
from ramet.tools.assess.grouping.graph import NamedGraph
from ramet.tools.assess.grouping.louvain import cohesions, louvain, modularity, settle
from ramet.tools.assess.grouping.platform import Hub, find_hubs
from ramet.tools.assess.source.store import Store

__all__ = ["Candidate", "Candidates", "find_candidates"]

SCOUTS = 5
"""Runs that only tell hubs from centres of a group."""


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """Nodes that belong together. `pin` is the service that they are fixed to, None for none.

    `stability` is the share of runs, 0 to 1, that had a pair of them together, on average, and
    `cohesion` the share of the weight at them that stays within, hubs aside.
    """

    nodes: list[str]
    stability: float
    cohesion: float
    pin: str | None = None


class Candidates(msgspec.Struct, frozen=True, kw_only=True):
    """All nodes in `groups`, the largest group first, each hub in the group that keeps it.

    `agreement` is the share of the pairs of nodes, hubs aside, on which all `runs` agree;
    `modularity` is that of the groups without the hubs.
    """

    groups: list[Candidate]
    hubs: list[Hub]
    agreement: float
    modularity: float
    runs: int

    @property
    def partition(self) -> dict[str, int]:
        """The number of each node's group."""
        return {node: number for number, each in enumerate(self.groups) for node in each.nodes}


def find_candidates(
    evidence: Evidence,
    *,
    pins: Mapping[str, str] = {},
    seeds: int = 50,
    seed: int = 0,
    kept: Store | None = None,
) -> Candidates:
    """Group all nodes; the same input gives the same answer.

    `pins` fix nodes, or whole apps, to a service; a node's own pin goes before its app's. Nodes
    fixed to one service stay together, those of two services apart, and unpinned ones may join. A
    pinned node is no hub. `seeds` is the number of runs, of which fewer are made where they are all
    alike, `seed` where they start. `kept` has the last result, which is used where nothing that
    decides it has changed.
    """
    services = _services(evidence, pins)
    told = (
        (seeds, seed, services, evidence.nodes, sorted(evidence.links.items())),
        (evidence.seen, evidence.transactions),
        (sorted(evidence.apps.items()), evidence.inseparable),
    )
    find = partial(_find, evidence, services, seeds, seed)
    return (kept or Store()).remembered("grouping", told, Candidates, find)


def _find(evidence: Evidence, services: dict[str, list[str]], seeds: int, seed: int) -> Candidates:
    every = weigh(evidence).pinned(services.values(), evidence.inseparable)
    pinned = {node for nodes in services.values() for node in nodes}
    scouts = partial(_scouts, every, min(SCOUTS, seeds), seed)
    hubs = [hub for hub in find_hubs(evidence, scouts) if hub.node not in pinned]
    without = [hub.node for hub in hubs]
    graph = every
    if hubs:
        graph = weigh(evidence, without=without).pinned(services.values(), evidence.inseparable)
    found = find_consensus(graph, seeds=seeds, seed=seed)
    home = _settled(every, _by_name(graph, found.labels), without, evidence.apps)
    labels = [home[names[0]] for names in graph.members]
    cohesion = cohesions(graph, labels)
    members: defaultdict[int, list[str]] = defaultdict(list)
    for name, label in home.items():
        members[label].append(name)
    nodes_of: defaultdict[int, list[int]] = defaultdict(list)
    for node, label in enumerate(labels):
        nodes_of[label].append(node)
    pins = {name: service for service, names in services.items() for name in names}
    groups = [
        Candidate(
            nodes=sorted(names),
            stability=found.stability(nodes_of[label]) if label in nodes_of else 1.0,
            cohesion=cohesion.get(label, 1.0),
            pin=next((pins[name] for name in names if name in pins), None),
        )
        for label, names in members.items()
    ]
    groups.sort(key=lambda group: (-len(group.nodes), group.nodes))
    return Candidates(
        groups=groups,
        hubs=hubs,
        agreement=found.agreement,
        modularity=modularity(graph, labels),
        runs=len(found.runs),
    )


def _scouts(graph: NamedGraph, runs: int, seed: int) -> list[dict[str, int]]:
    return [
        _by_name(graph, absorb(graph, louvain(graph, f"{seed}:{number}"))) for number in range(runs)
    ]


def _by_name(graph: NamedGraph, labels: Sequence[int]) -> dict[str, int]:
    return {
        name: label for names, label in zip(graph.members, labels, strict=True) for name in names
    }


def _settled(
    every: NamedGraph, groups: dict[str, int], hubs: Sequence[str], apps: Mapping[str, str]
) -> dict[str, int]:
    """The group of each name, hubs' too.

    Each hub comes home; then whoever is tied to one is asked once more where all of its ties pull
    it, for one that leans on nothing but a hub belongs with it.
    """
    home = dict(groups)
    for hub in hubs:
        home[hub] = _home(hub, home, every, apps)
    number = {label: place for place, label in enumerate(dict.fromkeys(home.values()))}
    labels = [number[home[names[0]]] for names in every.members]
    hub_nodes = {
        node for node, names in enumerate(every.members) if not set(hubs).isdisjoint(names)
    }
    movable = [
        node
        for node, ties in enumerate(every.neighbours)
        if node not in hub_nodes and every.pins[node] < 0 and not hub_nodes.isdisjoint(ties)
    ]
    return _by_name(every, settle(every, labels, movable, MOST_MODELS))


def _home(hub: str, groups: dict[str, int], graph: NamedGraph, apps: Mapping[str, str]) -> int:
    """The group that the hub is tied to most among those with models of its app; else a new one.

    One that is full takes no further hub, unless all are.

    Somebody has to keep the table. Who wrote the hub put it into an app, and an app is seldom in
    many groups. Where nothing has an app, any group may keep it.
    """
    here = next(node for node, names in enumerate(graph.members) if hub in names)
    ties: defaultdict[int, float] = defaultdict(float)
    for other, weight in graph.neighbours[here].items():
        name = graph.members[other][0]
        if name in groups:  # no hub that is still to come
            ties[groups[name]] += weight
    kin = {
        label for name, label in groups.items() if hub not in apps or apps.get(name) == apps[hub]
    }
    sizes = Counter(groups.values())
    return min(
        kin,
        key=lambda label: (sizes[label] >= MOST_MODELS, -ties[label], label),
        default=-1 - here,
    )


def _services(evidence: Evidence, pins: Mapping[str, str]) -> dict[str, list[str]]:
    """The nodes that are fixed to each service."""
    services: defaultdict[str, list[str]] = defaultdict(list)
    for node in sorted(evidence.nodes):
        service = pins.get(node) or pins.get(evidence.apps.get(node, ""))
        if service:
            services[service].append(node)
    return dict(sorted(services.items()))
