"""The order of extraction, with prices kept from step to step, is that of prices made anew."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from ramet.tools.assess.findings import Blocker, Cut, Group
from ramet.tools.assess.judgement.order import find_order
from tests.unit.tools.assess.judgement.scans import edge


def group(name: str, models: int) -> Group:
    return Group(
        name=name,
        models=[f"{name}.M{number}" for number in range(models)],
        apps=[name],
        stability=1,
        cohesion=1,
        coupling=0,
        effort=models,
        is_pinned=False,
        is_recommended=True,
        why="",
    )


def cut(sides: list[str], effort: float) -> Cut:
    here, there, *further = sides
    return Cut(
        edge=edge("fk", f"{here}.M0", f"{there}.M0", "key"),
        source_group=here,
        target_group=there,
        further_groups=further,
        how="id alone",
        why="",
        effort=effort,
    )


def blocker(groups: list[str]) -> Blocker:
    return Blocker(
        kind="shared transaction", groups=groups, file="", line=1, what="", remedy="", effort=1
    )


@pytest.mark.parametrize("seed", range(20))
def test_each_step_is_the_first_of_what_is_left(seed: int) -> None:
    """Without the cuts and blockers of the steps before it."""
    chance = random.Random(seed)
    names = "abcdefgh"
    groups = [group(name, chance.randint(1, 9)) for name in names]
    groups.append(group("core", 100))
    every = [*names, "core"]
    cuts = [cut(chance.sample(every, chance.choice((2, 2, 3))), chance.random()) for _ in range(40)]
    blockers = [blocker(chance.sample(every, 2)) for _ in range(chance.randint(0, 8))]

    steps = find_order(groups, cuts, blockers)

    assert sorted(step.group for step in steps) == list(names)
    for step, following in pairwise(steps):
        groups = [each for each in groups if each.name != step.group]
        cuts = [each for each in cuts if step.group not in each.sides]
        blockers = [each for each in blockers if step.group not in each.groups]
        first = find_order(groups, cuts, blockers)[0]
        assert (first.group, first.cuts, first.blockers, first.effort) == (
            following.group,
            following.cuts,
            following.blockers,
            following.effort,
        )
