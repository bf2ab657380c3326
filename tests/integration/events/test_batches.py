"""Several events in one transaction: quicker, and still each with its own fate."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

import ramet
from ramet.events import batches, inbox
from ramet.events.batches import Pace
from ramet.events.brokers.shared_database import move
from ramet.events.heads import Heads
from ramet.events.inbox import inbox_loops, work_off_one
from ramet.events.surroundings import surroundings
from tests.integration.events.conftest import count, effects, have_effect, in_thread
from tests.integration.events.parcels.events import Moved

pytestmark = pytest.mark.usefixtures("database")

KEYS = "abcdefgh"


@pytest.fixture
def pace(monkeypatch: pytest.MonkeyPatch) -> Pace:
    """One that has seen this handler work well. What fails is not tried again within a test, and a
    slow machine makes no batch smaller."""
    monkeypatch.setattr(inbox, "FIRST_PAUSE", 60)
    monkeypatch.setattr(batches, "QUICK", 60)
    monkeypatch.setattr(batches, "LONGEST", 60)
    made = Pace(50)
    made.went_well(["tracker"] * 25, 0.001)
    return made


def publish_each() -> None:
    """One event of each key, in the inbox."""
    with transaction.atomic():
        ramet.publish(*(Moved(parcel=key, number=1) for key in KEYS))
    move(surroundings())


def settle(pace: Pace) -> None:
    heads = Heads(["tracker"])
    while work_off_one(heads, pace=pace) is not None:
        pass


def subscribe(deed: Callable[[Moved], None]) -> None:
    """Have `deed` done after each effect."""

    @ramet.subscribe(Moved, name="tracker", attempts=3)
    def track(event: Moved) -> None:
        have_effect(event.parcel, event.number, "tracker")
        deed(event)


def query(statement: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall()) if cursor.description else []


def all_once() -> bool:
    return sorted(effects()) == [(key, 1) for key in KEYS]


def test_quick_events_share_a_transaction(pace: Pace) -> None:
    subscribe(lambda event: None)
    publish_each()
    settle(pace)
    assert all_once()
    assert query("SELECT count(DISTINCT xmin::text) FROM effect") == [(1,)]
    assert count("inbox", "state = 'done' AND attempts = 1 AND finished_at IS NOT NULL") == 8


def test_one_that_fails_takes_no_effect_from_its_neighbours_and_only_itself_counts(
    pace: Pace,
) -> None:
    def fail(event: Moved) -> None:
        if event.parcel == "e":
            raise ValueError("poison")

    subscribe(fail)
    publish_each()
    settle(pace)
    assert sorted(effects()) == [(key, 1) for key in KEYS if key != "e"]
    assert query("SELECT key, attempts FROM ramet_events_inbox WHERE state = 'ready'") == [("e", 1)]
    assert count("inbox", "state = 'done' AND attempts = 1 AND error = ''") == 7


def test_one_that_failed_before_is_tried_alone(pace: Pace) -> None:
    subscribe(lambda event: None)
    publish_each()
    query("UPDATE ramet_events_inbox SET attempts = 2 WHERE key = 'c'")
    settle(pace)
    assert all_once()
    assert query("SELECT count(DISTINCT xmin::text) FROM effect") == [(2,)]
    assert query("SELECT key FROM ramet_events_inbox WHERE attempts = 3") == [("c",)]


def test_a_handler_that_rolls_the_transaction_back_harms_itself_only(pace: Pace) -> None:
    def roll_back(event: Moved) -> None:
        if event.parcel == "b":
            transaction.set_rollback(True)

    subscribe(roll_back)
    publish_each()
    settle(pace)
    assert sorted(effects()) == [(key, 1) for key in KEYS if key != "b"]
    assert query("SELECT key, attempts FROM ramet_events_inbox WHERE state = 'ready'") == [("b", 1)]


def test_a_constraint_that_fails_at_the_commit_concerns_its_own_event(pace: Pace) -> None:
    query("CREATE TABLE strict (n int UNIQUE DEFERRABLE INITIALLY DEFERRED)")

    def insert(event: Moved) -> None:
        number = 0 if event.parcel in "cd" else ord(event.parcel)
        query(f"INSERT INTO strict VALUES ({number})")

    try:
        subscribe(insert)
        publish_each()
        settle(pace)
        assert len(effects()) == 7
        assert query("SELECT attempts FROM ramet_events_inbox WHERE state = 'ready'") == [(1,)]
    finally:
        query("DROP TABLE strict")


@pytest.mark.parametrize("together", [50, 1])
def test_a_commit_hook_that_raises_keeps_no_other_from_running(pace: Pace, together: int) -> None:
    pace = pace if together > 1 else Pace(1)
    heard: list[str] = []

    def hook(event: Moved) -> None:
        def tell() -> None:
            if event.parcel == "a":
                raise ValueError("hook")
            heard.append(event.parcel)

        transaction.on_commit(tell)
        transaction.on_commit(lambda: heard.append("again"))

    subscribe(hook)
    publish_each()
    settle(pace)
    assert all_once()
    assert sorted(heard) == sorted([*(set(KEYS) - {"a"}), *["again"] * len(KEYS)])


def test_a_batch_gives_way_where_it_would_make_a_deadlock(pace: Pace) -> None:
    """The handlers lock one row each, another transaction both the other way round: without
    batches that is no deadlock, so nobody may be ended for one."""
    query("CREATE TABLE stock (name text PRIMARY KEY)")
    query("INSERT INTO stock VALUES ('a'), ('b')")
    other_has_b, first_has_a = threading.Event(), threading.Event()
    problems: list[BaseException] = []

    def other() -> None:
        try:
            with transaction.atomic():
                query("SELECT 1 FROM stock WHERE name = 'b' FOR UPDATE")
                other_has_b.set()
                assert first_has_a.wait(5)
                query("SELECT 1 FROM stock WHERE name = 'a' FOR UPDATE")
        except BaseException as problem:  # noqa: BLE001 - told in the test's own thread
            problems.append(problem)

    def lock(event: Moved) -> None:
        if event.parcel == "a":
            query("SELECT 1 FROM stock WHERE name = 'a' FOR UPDATE")
            first_has_a.set()
        elif event.parcel == "b":
            is_waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
            while thread.is_alive() and query(is_waiting) == [(0,)]:
                pass  # the other one waits first, so PostgreSQL would end that one
            query("SELECT 1 FROM stock WHERE name = 'b' FOR UPDATE")

    try:
        subscribe(lock)
        publish_each()
        thread = in_thread(other)
        assert other_has_b.wait(5)
        settle(pace)
        thread.join(10)
        assert problems == []
        assert all_once()
    finally:
        query("DROP TABLE stock")


def test_a_handler_that_catches_database_errors_waits_as_if_it_were_alone(pace: Pace) -> None:
    """The short limit of a batch must not make it take a way that it would not take alone."""
    query("CREATE TABLE stock (name text PRIMARY KEY)")
    query("INSERT INTO stock VALUES ('e')")
    is_locked, given_up = threading.Event(), []

    def other() -> None:
        with transaction.atomic():
            query("SELECT 1 FROM stock FOR UPDATE")
            is_locked.set()
            # Until somebody waits who may wait: the batch, which may not, comes first.
            deadline = time.monotonic() + 10
            while not waiting_for_long() and time.monotonic() < deadline:
                pass

    def waiting_for_long() -> bool:
        return (
            query(
                "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                " AND clock_timestamp() - query_start > interval '200 ms'"
            )
            != []
        )

    def lock(event: Moved) -> None:
        if event.parcel != "e":
            return
        try:
            with transaction.atomic():
                query("SELECT 1 FROM stock FOR UPDATE")
        except DatabaseError:
            given_up.append(event.parcel)
            have_effect("given up", 0, "tracker")

    try:
        subscribe(lock)
        publish_each()
        thread = in_thread(other)
        assert is_locked.wait(5)
        settle(pace)
        thread.join(10)
        assert set(given_up) == {"e"}  # in batches, which were rolled back
        assert all_once()
    finally:
        query("DROP TABLE stock")


def test_loops_batch_what_waits_and_keep_order(
    working: Callable[..., Any], eventually: Callable[..., Any]
) -> None:
    subscribe(lambda event: None)
    with transaction.atomic():
        ramet.publish(
            *(Moved(parcel=key, number=number) for number in range(1, 31) for key in KEYS)
        )
    move(surroundings())
    working(*inbox_loops(["tracker"], 4))
    eventually(lambda: len(effects()) == 30 * len(KEYS), within=20)
    for key in KEYS:
        assert [n for each, n in effects() if each == key] == list(range(1, 31))
    ((transactions,),) = query("SELECT count(DISTINCT xmin::text) FROM effect")
    assert transactions < 30 * len(KEYS)
