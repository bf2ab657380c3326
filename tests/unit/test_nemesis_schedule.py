"""The nemesis' schedule: data that a seed gives, and gives again."""

import pytest

from tests.acceptance.nemesis.schedule import LONGER_THAN_A_LEASE, TWO_HOURS, Fault, plan

PLACEMENTS = ["services", "monolith"]


@pytest.mark.parametrize("placement", PLACEMENTS)
def test_the_same_seed_gives_the_same_schedule(placement: str) -> None:
    assert plan(7, 120, placement) == plan(7, 120, placement)
    assert plan(7, 120, placement) != plan(8, 120, placement)


@pytest.mark.parametrize("placement", PLACEMENTS)
@pytest.mark.parametrize("seed", range(20))
def test_two_minutes_have_every_kind_of_fault_and_no_more(placement: str, seed: int) -> None:
    planned = plan(seed, 120, placement)
    kinds = {fault.kind for fault in planned}
    wanted = {"kill", "pause", "restart", "terminate backends", "postgres clock", "worker clock"}
    cuts = {"drop", "silence", "refuse"}
    assert wanted <= kinds
    assert kinds & cuts == (set() if placement == "monolith" else cuts)
    assert all(fault.at + fault.lasts <= 120 + 0.1 for fault in planned)
    assert planned == sorted(planned, key=lambda fault: fault.at)


def test_clocks_are_moved_by_two_hours_in_both_directions() -> None:
    moved = {
        f.amount for seed in range(20) for f in plan(seed, 120, "services") if "clock" in f.kind
    }
    assert moved == {TWO_HOURS, -TWO_HOURS}


def test_a_worker_is_paused_for_longer_than_its_leases_last() -> None:
    planned = [fault for seed in range(20) for fault in plan(seed, 120, "services")]
    assert any(f.kind == "pause" and f.lasts >= LONGER_THAN_A_LEASE for f in planned)


def test_without_libfaketime_no_clock_is_moved() -> None:
    assert not [f for f in plan(7, 600, "services", with_clocks=False) if "clock" in f.kind]


def test_a_fault_is_told_in_one_line() -> None:
    assert str(Fault(3.5, "pause", "nats", 2.0)) == "   3.5  pause nats until    5.5"
