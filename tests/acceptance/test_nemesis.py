"""A seeded nemesis on the running shop: whatever it kills, cuts, pauses and moves, nothing is lost.

Two minutes in CI, any length by option; see CONTRIBUTING.md. It prints its seed and its schedule;
the same seed, length and placement give the same schedule of faults.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.invariants import RULES, assert_invariants
from tests.acceptance.nemesis import clocks, schedule
from tests.acceptance.nemesis.customers import Crowd
from tests.acceptance.nemesis.evidence import Evidence
from tests.acceptance.nemesis.faults import Nemesis, seed_or_random
from tests.acceptance.nemesis.own_time import OwnTime
from tests.acceptance.nemesis.shaken_shop import ShakenShop
from tests.conftest import eventually

SETTLING = 30.0
"""Seconds after healing within which every order has ended, on the clock of `OwnTime`."""


@pytest.fixture
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ShakenShop]:
    running = ShakenShop(tmp_path / "shop", request.config.getoption("--nemesis-placement"))
    running.prepare()
    try:
        with Evidence(running, "up"):
            running.up()
        yield running
    finally:
        with Evidence(running, "down"):
            running.down()
        running.forget()


def test_nothing_is_lost_and_nothing_happens_twice(
    shop: ShakenShop, request: pytest.FixtureRequest
) -> None:
    seconds = float(request.config.getoption("--nemesis-seconds"))
    seed = seed_or_random(request.config.getoption("--nemesis-seed"))
    planned = schedule.plan(seed, seconds, shop.placement, with_clocks=shop.library is not None)
    told = (
        f"--nemesis-seed={seed} --nemesis-seconds={seconds:g} --nemesis-placement={shop.placement}"
    )
    print("\n".join([f"nemesis: {told}", *map(str, planned)]), flush=True)
    if shop.library is None:
        print(clocks.REASON, flush=True)

    with Evidence(shop, str(seed)) as evidence:
        known = {process["name"] for process in shop.processes()} - {"dashboard"}
        assert known == set(schedule.processes_of(shop.placement)), (
            "the schedule's names are out of date"
        )
        crowd = Crowd(
            shop, seed, shop.with_stock(5000), [shop.with_stock(n) for n in (3, 5, 8, 13)]
        )
        clock, nemesis = OwnTime(shop), Nemesis(shop, planned)
        evidence.known.append(
            lambda: [f"nemesis: {told}", *nemesis.known(), *crowd.known(), clock.end()]
        )
        crowd.begin()
        nemesis.rage(seconds)
        healed = clock()
        crowd.end(SETTLING, clock)
        assert_invariants(shop, within=SETTLING - (clock() - healed), clock=clock)
        nemesis.note(f"settled {clock() - healed:.1f} s after healing")
        assert not crowd.broken, "\n".join(crowd.broken)
        nemesis.finish()
        eventually(
            lambda: not shop.not_running(),
            within=SETTLING,
            what="every process that was there runs",
        )
        crowd.check()
        assert not crowd.broken, "\n".join(crowd.broken)
        # Again, now that the restarts which were asked for are over as well.
        assert_invariants(shop)
        assert len(crowd.bought) > seconds / 4, "hardly an order was taken: this proves nothing"
    print(
        f"{len(crowd.bought)} orders taken, {crowd.unanswered} requests repeated,"
        f" {len(RULES)} rules hold; {nemesis.journal[-1].strip()}; {clock.end()}"
    )
