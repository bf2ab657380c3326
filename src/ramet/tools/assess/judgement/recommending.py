"""Which groups are worth a boundary, and why the others are not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from ramet.tools.assess.findings import Blocker, Cut, Group
from ramet.tools.assess.grouping import Candidate

__all__ = ["COHESIVE", "STABLE", "groups_of"]

STABLE = 0.8
"""Less stability than this is never recommended: another seed would have drawn another line."""
COHESIVE = 0.5
"""A group that leaks more than it holds is none."""
FEWEST_MODELS = 2


def groups_of(
    candidates: Sequence[Candidate],
    names: Sequence[str],
    apps: Mapping[str, str],
    cuts: Sequence[Cut],
    blockers: Sequence[Blocker],
) -> list[Group]:
    """One for each candidate, in their order. A cut's effort counts for both of its sides."""
    mine: defaultdict[str, list[Cut]] = defaultdict(list)
    for cut in cuts:
        for side in cut.sides:
            mine[side].append(cut)
    groups = []
    for candidate, name in zip(candidates, names, strict=True):
        objection = _objection(candidate, name, len(candidates), blockers)
        groups.append(
            Group(
                name=name,
                models=candidate.nodes,
                apps=sorted({apps[node] for node in candidate.nodes}),
                stability=candidate.stability,
                cohesion=candidate.cohesion,
                coupling=1 - candidate.cohesion,
                effort=round(sum((cut.effort for cut in mine[name]), 0.0), 2),
                is_pinned=candidate.pin is not None,
                is_recommended=objection is None,
                why=objection or _praise(candidate, len(mine[name])),
            )
        )
    return groups


def _objection(
    candidate: Candidate,
    name: str,
    groups: int,
    blockers: Sequence[Blocker],
) -> str | None:
    if groups == 1:
        return "It is the whole system."
    if candidate.stability < STABLE:
        return (
            f"Unstable: on average {candidate.stability:.0%} of the runs kept a pair of its models "
            "together. Another seed draws another line."
        )
    if len(candidate.nodes) < FEWEST_MODELS:
        return "A single model is no service; leave it where its code is."
    if candidate.cohesion < COHESIVE:
        return f"Only {candidate.cohesion:.0%} of what ties its models stays inside."
    inherited = [each for each in blockers if each.kind == "inheritance" and name in each.groups]
    if inherited:
        return f"Inheritance crosses its boundary ({len(inherited)} times): undo that first."
    return None


def _praise(candidate: Candidate, cuts: int) -> str:
    start = "Fixed in ramet.toml" if candidate.pin else f"Stable ({candidate.stability:.0%})"
    lines = "1 line crosses" if cuts == 1 else f"{cuts} lines cross"
    inside = f"{candidate.cohesion:.0%} of what ties its models stays inside"
    return f"{start}: {inside}, and {lines} its boundary."
