"""Whether to split at all, in plain sentences. Keeping the monolith is a good answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ramet.tools.assess.findings import Blocker, Cut, Group, Grouping, Step, Verdict

__all__ = ["Facts", "decide"]

TINY = 8
"""Own models below which there is nothing to part."""
SMALL = 30
"""Own models below which services cost more to run than boundaries in one process."""
MODULAR = 0.3
"""Modularity from which communities are more than chance makes (Newman and Girvan, 2004)."""
AGREED = 0.6
"""Share of pairs on which all runs agree, below which the system as a whole has no clear parts."""
AFFORDABLE = 15.0
"""Person-days for one group, above which drawing its boundary comes first."""
WORTH = 2.0
"""Person-days for each model of it, above which it is not worth them."""
LEAST_MODELS = 5
"""A service of fewer models is more deployment than service (Kalia et al., 2021, measure NED)."""
MOST_NAMES = 6
"""Apps that a reason lists; all are in the report's roles."""
ONE_HUB = 0.5
"""Share of all models that link to one hub, from which it is one knot."""


class Facts(NamedTuple):
    """What the judgement rests on; `modularity` is that of the groups, the platform aside."""

    models: int
    grouping: Grouping
    modularity: float
    cuts: Sequence[Cut]
    blockers: Sequence[Blocker]
    plan: Sequence[Step]


def decide(facts: Facts) -> Verdict:
    """A choice, a sentence that says it, and the reasons, the weightiest first."""
    groups = facts.grouping.groups
    good = [group for group in groups if group.is_recommended]
    if facts.models < TINY or not facts.plan:
        return _keep(facts, groups)
    against = _reasons_against(facts)
    sizes = {group.name: len(group.models) for group in groups}
    cheap = [step.group for step in facts.plan if _is_worth_it(step, sizes[step.group])]
    names = [group.name for group in good]
    days = _days(sum(cut.effort for cut in facts.cuts))
    if against or not cheap:
        if not cheap:
            against.append(_too_dear(facts))
        return Verdict(
            choice="draw boundaries",
            sentence=f"Keep the monolith, and draw these boundaries in it: {_listed(names)}. "
            f"Parting all groups would cost about {days}.",
            reasons=[*against, *_numbers(facts)],
        )
    rest = [name for name in names if name not in cheap]
    if len(cheap) < len(facts.plan) or len(good) < len(groups):
        return Verdict(
            choice="split some",
            sentence=f"Split off {_listed(cheap)}; keep the rest in one"
            + (f", with boundaries around {_listed(rest)}." if rest else "."),
            reasons=_numbers(facts),
        )
    return Verdict(
        choice="split",
        sentence=f"Split into {_listed(names)}, in the order of the plan, one at a time: about "
        f"{days} in all.",
        reasons=_numbers(facts),
    )


def _is_worth_it(step: Step, models: int) -> bool:
    return (
        step.blockers == 0
        and models >= LEAST_MODELS
        and step.effort <= min(AFFORDABLE, WORTH * models)
    )


def _keep(facts: Facts, groups: Sequence[Group]) -> Verdict:
    if not facts.models:
        why = "there are no models to part"
    elif facts.models < TINY:
        many = "model is" if facts.models == 1 else "models are"
        why = f"{facts.models} {many} too few to part"
    elif len(groups) < 2:
        why = "its models are one knot"
    else:
        why = "no group of its models holds together well enough to leave the rest"
    return Verdict(choice="keep", sentence=f"Keep the monolith: {why}.", reasons=_numbers(facts))


def _reasons_against(facts: Facts) -> list[str]:
    reasons = []
    if facts.models < SMALL:
        reasons.append(
            f"The system is small ({facts.models} models): several deployments cost more to run "
            "than a boundary in one process."
        )
    if facts.modularity < MODULAR:
        reasons.append(
            f"The groups are little more than chance would make (modularity "
            f"{facts.modularity:.2f}, from {MODULAR} on it is structure)."
        )
    if facts.grouping.agreement < AGREED:
        reasons.append(
            f"The runs agree on {facts.grouping.agreement:.0%} of the pairs of models only: the "
            "system has no clear parts."
        )
    for hub in facts.grouping.platform:
        if hub.group and hub.degree >= ONE_HUB * facts.models:
            reasons.append(f"{hub.degree} of {facts.models} models link to {hub.model}: one knot.")
    return reasons


def _too_dear(facts: Facts) -> str:
    """Of the best group that is large enough to be one, if any is."""
    sizes = {group.name: len(group.models) for group in facts.grouping.groups}
    large = [step for step in facts.plan if sizes[step.group] >= LEAST_MODELS]
    if not large:
        return f"No group has the {LEAST_MODELS} models that make a service worth its deployment."
    least = min(large, key=lambda step: (step.blockers > 0, step.effort / sizes[step.group]))
    blocked = f", with {_count(least.blockers, 'blocker')} to clear first" if least.blockers else ""
    return (
        f"No group is worth its price yet: the best of them, {least.group} with "
        f"{sizes[least.group]} models, costs {_days(least.effort)}{blocked}."
    )


def _days(effort: float) -> str:
    return _count(round(effort), "person-day")


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _numbers(facts: Facts) -> list[str]:
    groups = facts.grouping.groups
    unstable = [group.name for group in groups if group.why.startswith("Unstable")]
    said = [
        f"{_count(facts.models, 'model')} in {_count(len(groups), 'group')}; all runs agree on "
        f"{facts.grouping.agreement:.0%} of the pairs, modularity {facts.modularity:.2f}.",
        f"{_count(len(facts.cuts), 'line')} between groups, about "
        f"{_days(sum(cut.effort for cut in facts.cuts))} to cut them all.",
    ]
    if facts.blockers:
        kinds = sorted({blocker.kind for blocker in facts.blockers})
        said.append(f"{_count(len(facts.blockers), 'blocker')}: {_listed(kinds)}.")
    said += _roles(facts)
    if unstable:
        said.append(f"Unstable, so not recommended: {_listed(unstable)}.")
    return said


def _roles(facts: Facts) -> list[str]:
    """Where the code of apps goes that go with no group."""
    apps = {
        role: [each.app for each in facts.grouping.roles if each.role == role]
        for role in ("front", "library", "parted")
    }
    asking = [cut.source_group for cut in facts.cuts if cut.source_group in apps["front"]]
    fronts = [app for app in apps["front"] if app in asking]
    said = []
    if fronts:
        said.append(
            f"Without models, so in front of the groups, which {len(asking):,} lines there ask: "
            f"{_shortened(fronts)}."
        )
    if apps["library"]:
        said.append(f"Libraries, for each service to install: {_shortened(apps['library'])}.")
    if apps["parted"]:
        said.append(f"Themselves parted, along with their models: {_shortened(apps['parted'])}.")
    return said


def _shortened(names: Sequence[str]) -> str:
    if len(names) <= MOST_NAMES:
        return _listed(names)
    return f"{', '.join(names[:MOST_NAMES])} and {len(names) - MOST_NAMES} more"


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]
