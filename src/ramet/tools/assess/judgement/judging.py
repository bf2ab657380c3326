"""Scan -> judgement: the one place where grouping and judgement are put together."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ramet.tools.assess.facts import Scan
from ramet.tools.assess.findings import Grouping, Hub, Judgement
from ramet.tools.assess.grouping import Candidates, evidence_of, find_candidates
from ramet.tools.assess.grouping.naming import name_groups
from ramet.tools.assess.judgement.blockers import find_blockers
from ramet.tools.assess.judgement.cuts import find_cuts
from ramet.tools.assess.judgement.measuring import measured
from ramet.tools.assess.judgement.order import find_order
from ramet.tools.assess.judgement.places import Places
from ramet.tools.assess.judgement.recommending import groups_of
from ramet.tools.assess.judgement.verdict import Facts, decide
from ramet.tools.assess.source.store import Store

__all__ = ["judge"]


def judge(
    scan: Scan,
    *,
    pins: Mapping[str, Collection[str]] = {},
    seeds: int = 50,
    seed: int = 0,
    kept: Store | None = None,
) -> Judgement:
    """Group the project's own models, price every cut, and say whether to split.

    `pins` fix models, or all models of an app, by their labels, to the service of that name; a
    model's own pin goes before its app's. `seeds` is the number of runs, `seed` where they start.
    `kept` has the last grouping, for as long as the graph stays the same. The
    same input gives the same answer.
    """
    evidence = evidence_of(scan)
    service_of = {label: service for service, labels in pins.items() for label in labels}
    found = find_candidates(evidence, pins=service_of, seeds=seeds, seed=seed, kept=kept)
    names = name_groups(found.groups, evidence.apps)
    group_of = {node: names[number] for node, number in sorted(found.partition.items())}
    places = Places(scan, group_of)
    cuts = find_cuts(scan, places)
    blockers = find_blockers(scan, cuts, places)
    groups = groups_of(found.groups, names, evidence.apps, cuts, blockers)
    grouping = Grouping(
        groups=groups,
        platform=[*_own_platform(found, group_of), *_package_platform(scan, group_of)],
        seeds=found.runs,
        agreement=found.agreement,
        metrics=measured(scan, evidence, group_of),
        roles=places.roles,
    )
    plan = find_order(groups, cuts, blockers)
    facts = Facts(
        models=len(evidence.nodes),
        grouping=grouping,
        modularity=found.modularity,
        cuts=cuts,
        blockers=blockers,
        plan=plan,
    )
    return Judgement(
        grouping=grouping, cuts=cuts, blockers=blockers, plan=plan, verdict=decide(facts)
    )


def _own_platform(found: Candidates, group_of: Mapping[str, str]) -> list[Hub]:
    return [
        Hub(
            model=hub.node,
            degree=hub.dependants,
            why=f"{hub.dependants} models of many groups link to it.",
            group=group_of[hub.node],
        )
        for hub in found.hubs
    ]


def _package_platform(scan: Scan, group_of: Mapping[str, str]) -> list[Hub]:
    """Models of installed packages that more than one group links to."""
    dependants: dict[str, set[str]] = {
        model.label: set() for model in scan.models if not model.is_own
    }
    for edge in scan.edges:
        if edge.target in dependants and edge.source in group_of:
            dependants[edge.target].add(edge.source)
    shared = [
        (label, sources)
        for label, sources in dependants.items()
        if len({group_of[source] for source in sources}) > 1
    ]
    return [
        Hub(
            model=label,
            degree=len(sources),
            why="It belongs to an installed package, and several groups link to it.",
        )
        for label, sources in sorted(shared, key=lambda item: (-len(item[1]), item[0]))
    ]
