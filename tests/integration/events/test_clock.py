"""The database's clock is set back: what waits for seconds does not wait for hours."""

from __future__ import annotations

import pytest
from django.db import connection, transaction

import ramet
from ramet.events.brokers.shared_database import move
from ramet.events.heads import LONGEST_PAUSE, Heads
from ramet.events.inbox import pause_after, work_off_one
from ramet.events.surroundings import surroundings
from tests.integration.events.conftest import effects, have_effect
from tests.integration.events.parcels.events import Moved

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def heads() -> Heads:
    @ramet.subscribe(Moved, name="tracker")
    def track(event: Moved) -> None:
        have_effect(event.parcel, event.number, "tracker")

    with transaction.atomic():
        ramet.publish(Moved(parcel="a", number=1))
    assert move(surroundings()) == 1
    return Heads(["tracker"])


def set_the_clock_back(seconds: float) -> None:
    """All that is in the inbox then lies so much further in the future."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE ramet_events_inbox SET run_at = run_at + make_interval(secs => %s),"
            " received_at = received_at + make_interval(secs => %s)",
            [seconds, seconds],
        )


@pytest.mark.parametrize("seconds", [100, 7200])
def test_a_new_event_is_worked_off_at_once(heads: Heads, seconds: float) -> None:
    set_the_clock_back(seconds)
    assert work_off_one(heads) == 0
    assert effects() == [("a", 1)]


def test_a_failed_event_is_tried_again(heads: Heads) -> None:
    fail_with_a_pause_of(pause_after(99))
    assert work_off_one(heads) is None, "a pause is kept while the clock is right"
    set_the_clock_back(7200)
    assert work_off_one(heads) == 0
    assert effects() == [("a", 1)]


def test_no_pause_is_taken_for_a_clock_set_back(heads: Heads) -> None:
    assert pause_after(99) <= LONGEST_PAUSE
    fail_with_a_pause_of(LONGEST_PAUSE)
    assert work_off_one(heads) is None


def fail_with_a_pause_of(seconds: float) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE ramet_events_inbox SET attempts = 1,"
            " run_at = clock_timestamp() + make_interval(secs => %s)",
            [seconds],
        )
