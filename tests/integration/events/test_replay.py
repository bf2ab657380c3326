"""Replay while the system works: the place of a replayed event, and keys stay one at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction

import ramet
from ramet.events.brokers.shared_database import Mover, move
from ramet.events.dead_letters import Choice, replay
from ramet.events.heads import Heads
from ramet.events.inbox import inbox_loops, work_off_one
from ramet.events.surroundings import surroundings
from tests.integration.events.conftest import count, effects, have_effect, in_thread
from tests.integration.events.parcels.events import Moved

pytestmark = pytest.mark.usefixtures("database")

Eventually = Callable[..., Any]


class Belt:
    """A handler that fails for as long as it is broken, and notes what runs at the same time."""

    def __init__(self) -> None:
        self.broken = True
        self.hold: dict[int, threading.Event] = {}
        self.begun: set[int] = set()
        self.together = 0
        self._running: list[str] = []

    def handle(self, event: Moved) -> None:
        if self.broken:
            raise ValueError("broken")
        self.together = max(self.together, self._running.count(event.parcel) + 1)
        self._running.append(event.parcel)
        try:
            self.begun.add(event.number)
            if event.number in self.hold:
                self.hold[event.number].wait(20)
            have_effect(event.parcel, event.number)
        finally:
            self._running.remove(event.parcel)


@pytest.fixture
def belt() -> Belt:
    made = Belt()
    ramet.subscribe(Moved, name="belt", attempts=1)(made.handle)
    return made


def publish(parcel: str, *numbers: int) -> None:
    with transaction.atomic():
        ramet.publish(*(Moved(parcel=parcel, number=number) for number in numbers))


def settle() -> None:
    heads = Heads(["belt"])
    while move(surroundings()) or work_off_one(heads) is not None:
        pass


def test_a_replayed_event_waits_for_the_one_of_its_key_in_hand_and_precedes_those_that_wait(
    belt: Belt, working: Callable[..., Any], eventually: Eventually
) -> None:
    publish("a", 1, 2)
    settle()
    assert count("inbox", "state = 'dead'") == 2
    belt.broken = False
    belt.hold[3] = threading.Event()
    working(Mover(surroundings()), *inbox_loops(["belt"], 3))
    publish("a", 3, 4)
    eventually(lambda: 3 in belt.begun and count("inbox", "state = 'ready'") == 2)
    replaying = in_thread(lambda: replay(Choice()) and None)
    eventually(_waits_for_a_row, what="the replay waits for the event in hand")
    assert count("inbox", "state = 'dead'") == 2
    with transaction.atomic(), connection.cursor() as cursor:  # what follows is not begun meanwhile
        cursor.execute(
            "SELECT seq FROM ramet_events_inbox WHERE state = 'ready' FOR UPDATE SKIP LOCKED"
        )
        assert cursor.fetchall() == []
    belt.hold[3].set()
    replaying.join(10)
    eventually(lambda: len(effects()) == 4, within=15)
    assert effects() == [("a", 3), ("a", 1), ("a", 2), ("a", 4)]
    assert belt.together == 1


def _waits_for_a_row() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM pg_stat_activity WHERE datname = current_database()"
            " AND wait_event_type = 'Lock' AND query LIKE '%FOR UPDATE%'"
        )
        return bool(cursor.fetchall())


def test_a_claim_that_began_before_the_replay_looks_again(belt: Belt) -> None:
    publish("a", 1)
    settle()
    publish("a", 2)
    move(surroundings())
    assert replay(Choice()) == 1
    # What such a claim would take is changed, so it reads the row anew and finds it not due.
    assert count("inbox", "state = 'ready' AND run_at > clock_timestamp() + interval '0.5 s'") == 1


def test_twice_at_once_and_while_newer_events_arrive_each_is_worked_off_once(
    belt: Belt,
    working: Callable[..., Any],
    eventually: Eventually,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parcels = "ab"
    for parcel in parcels:
        publish(parcel, *range(1, 11))
    settle()
    belt.broken = False
    for instance in ("one", "two"):
        monkeypatch.setenv("RAMET_INSTANCE", instance)
        working(Mover(surroundings()), *inbox_loops(["belt"], 3))
    replaying = [in_thread(lambda: replay(Choice()) and None) for _ in range(2)]
    for number in range(11, 16):
        with transaction.atomic():
            ramet.publish(*(Moved(parcel=parcel, number=number) for parcel in parcels))
    for thread in replaying:
        thread.join(20)
    eventually(lambda: count("inbox", "state = 'done'") == 30, within=25)
    done = effects()
    assert len(done) == len(set(done)) == 30
    for parcel in parcels:
        mine = [number for key, number in done if key == parcel]
        assert [number for number in mine if number < 11] == list(range(1, 11))
        assert [number for number in mine if number > 10] == list(range(11, 16))
    assert belt.together == 1
