"""Leases: ended for a killed process by its successor, however often that must be tried."""

from __future__ import annotations

import pytest
from django.db import OperationalError, connection

from ramet import failpoints
from ramet.events.leases import Leases

pytestmark = pytest.mark.usefixtures("database")


def test_a_failure_while_ending_the_former_leases_is_made_up_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert Leases("one", 60).take(["a"])
    successor = Leases("one", 60)
    with monkeypatch.context() as broken:

        def fails() -> None:
            raise OperationalError("gone")

        broken.setattr(successor, "_end_former", fails)
        with pytest.raises(OperationalError):
            successor.take(["a"])
    assert [lease.name for lease in successor.take(["a"])] == ["a"]


def test_a_renewal_under_way_does_not_bring_back_what_is_released(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The pulse and a loop are two threads; else the next worker would wait for a lease that nobody
    holds."""
    one, two = Leases("one", 60), Leases("two", 60)
    assert one.take(["a"])

    def meanwhile(place: str) -> None:
        if place == "lease.before-renew":
            one.release(["a"])

    monkeypatch.setattr(failpoints, "on_reached", meanwhile)
    one.renew()
    assert [lease.name for lease in two.take(["a"])] == ["a"]


def test_a_renewal_under_way_does_not_drop_what_is_taken_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one = Leases("one", 60)
    assert one.take(["a"])

    def meanwhile(place: str) -> None:
        if place == "lease.after-renew":
            one.release(["a"])
            one.take(["a"])

    monkeypatch.setattr(failpoints, "on_reached", meanwhile)
    one.renew()
    assert one.held("a")


def test_a_former_process_that_is_alive_ends_nothing_of_its_successor() -> None:
    """Both have one name: a supervisor that is too quick, or two by mistake."""
    former, successor = Leases("one", 60), Leases("one", 60)
    assert former.take(["a"])
    assert successor.take(["a"])
    former.release(["a"])
    former.renew()
    assert former.held("a") is None
    assert Leases("two", 60).take(["a"]) == []


def set_the_clock_back(hours: int) -> None:
    """Leases then end that much later than they should."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE ramet_events_lease SET until = until + make_interval(hours => %s)", [hours]
        )


def test_a_clock_set_back_by_two_hours_does_not_keep_a_dead_holders_lease_for_two_hours() -> None:
    assert Leases("dead", 15).take(["a"])
    set_the_clock_back(2)
    alive = Leases("alive", 15)
    assert [lease.name for lease in alive.take_up_to(5, ["a"])] == ["a"]


def test_a_dead_relays_presence_does_not_count_for_two_hours() -> None:
    assert Leases("dead", 15).take(["relay/dead"])
    set_the_clock_back(2)
    alive = Leases("alive", 15)
    assert alive.take(["relay/alive"])
    assert alive.count("relay/") == 1


def test_who_lost_its_lease_by_a_step_of_the_clock_finds_out_when_it_renews() -> None:
    former, successor = Leases("former", 15), Leases("successor", 15)
    assert former.take(["a"])
    set_the_clock_back(2)
    assert successor.take(["a"])
    former.renew()
    assert former.held("a") is None
    assert successor.held("a") is not None


def test_a_lease_is_kept_while_it_lasts() -> None:
    assert Leases("one", 15).take(["a"])
    assert Leases("two", 15).take(["a"]) == []
    assert Leases("two", 15).count("a") == 1
