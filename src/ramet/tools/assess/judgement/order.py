"""In which order groups are best taken out, each priced with what is still inside by then."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ramet.tools.assess.findings import Blocker, Cut, Group, Step
from ramet.tools.assess.judgement.places import PLATFORM

__all__ = ["find_order"]

BLOCKER_DAYS = 5.0
"""What a blocker weighs beside its cuts' effort: it has to be gone before anything else begins."""
DEPENDANT_DAYS = 0.5
"""What a line that leads in weighs more than one that leads out: somebody else has to change."""


class _Price(NamedTuple):
    """What taking one group out of the rest costs, and so whether it comes next."""

    days: float
    name: str
    inward: int
    cuts: list[Cut]
    blockers: list[Blocker]


def find_order(
    groups: Sequence[Group], cuts: Sequence[Cut], blockers: Sequence[Blocker]
) -> list[Step]:
    """One step for each recommended group but the most entangled of all: the others leave that one.

    Next comes, of those that nothing blocks if there are any, the one that costs least for each of
    its models. A cut, or a blocker, that an
    earlier step has dealt with is not counted again, so the efforts sum up.
    """
    core = max(groups, key=lambda group: (group.effort, len(group.models)), default=None)
    left = {group.name: group for group in groups if group.is_recommended and group is not core}
    open_cuts: dict[str, list[Cut]] = {name: [] for name in left}
    for cut in cuts:
        for name in cut.sides:
            if name in left:
                open_cuts[name].append(cut)
    open_blockers = list(blockers)
    prices: dict[str, _Price] = {}
    steps: list[Step] = []
    while left:
        for name in left.keys() - prices.keys():
            prices[name] = _price(left[name], open_cuts[name], open_blockers)
        best = min(
            prices.values(),
            key=lambda price: (
                bool(price.blockers),
                price.days / len(left[price.name].models),
                price.name,
            ),
        )
        steps.append(
            Step(
                group=best.name,
                why=_why(best, is_first=not steps),
                cuts=len(best.cuts),
                blockers=len(best.blockers),
                effort=round(sum((cut.effort for cut in best.cuts), 0.0), 2),
            )
        )
        del left[best.name], prices[best.name]
        done = {id(cut) for cut in best.cuts}
        sides = [cut.sides for cut in best.cuts]
        for name in left.keys() & set().union(*sides, *(each.groups for each in best.blockers)):
            open_cuts[name] = [cut for cut in open_cuts[name] if id(cut) not in done]
            del prices[name]
        open_blockers = [each for each in open_blockers if best.name not in each.groups]
    return steps


def _price(group: Group, mine: list[Cut], blockers: Sequence[Blocker]) -> _Price:
    stopping = [each for each in blockers if group.name in each.groups]
    inward = sum(cut.source_group != group.name for cut in mine)
    days = sum(cut.effort for cut in mine)
    days += BLOCKER_DAYS * len(stopping) + DEPENDANT_DAYS * inward
    return _Price(days, group.name, inward, mine, stopping)


def _why(price: _Price, *, is_first: bool) -> str:
    outward = len(price.cuts) - price.inward
    platform = sum(cut.target_group == PLATFORM for cut in price.cuts)
    parts = [
        "nothing else depends on it"
        if not price.inward
        else f"{_count(price.inward, 'line leads', 'lines lead')} to it",
        "it depends on nothing else"
        if not outward
        else f"{_count(outward, 'line leads', 'lines lead')} out of it"
        + (f" ({platform} to the user)" if platform else ""),
        "nothing blocks it"
        if not price.blockers
        else f"{_count(len(price.blockers), 'blocker goes', 'blockers go')} first",
    ]
    start = "Least coupled for its size" if is_first else "Next, with the former gone"
    return f"{start}: {parts[0]}, {parts[1]}, and {parts[2]}."


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
