"""Publisher and handler in one database: from commit to effect without a broker."""

from __future__ import annotations

import threading
from asyncio import CancelledError
from collections.abc import Callable
from typing import Any

import pytest
from django.db import DataError, OperationalError, connection, transaction
from django.db import Error as DatabaseProblem

import ramet
from ramet.events import declaration, inbox
from ramet.events.brokers.shared_database import Mover, move
from ramet.events.declaration import declared
from ramet.events.heads import Heads
from ramet.events.inbox import inbox_loops, work_off_one
from ramet.events.surroundings import surroundings
from tests.integration.events.conftest import count, effects, have_effect, in_thread
from tests.integration.events.parcels.events import Moved

pytestmark = pytest.mark.usefixtures("database")

Working = Callable[..., Any]


@pytest.fixture
def handler() -> str:
    @ramet.subscribe(Moved, name="tracker")
    def track(event: Moved) -> None:
        have_effect(event.parcel, event.number, "tracker")

    return "tracker"


def publish(parcel: str, *numbers: int) -> None:
    with transaction.atomic():
        ramet.publish(*(Moved(parcel=parcel, number=number) for number in numbers))


def settle(*handlers: str) -> None:
    """Work everything off in this thread."""
    heads = Heads(handlers)
    while move(surroundings()) or work_off_one(heads) is not None:
        pass


def test_a_committed_event_has_its_effect_within_a_second(
    handler: str, working: Working, eventually: Callable[..., Any]
) -> None:
    working(Mover(surroundings()), *inbox_loops([handler], 2))
    publish("a", 1)
    eventually(lambda: effects() == [("a", 1)], within=1)
    eventually(lambda: count("outbox") == 0 and count("inbox", "state = 'done'") == 1, within=1)


def test_the_longest_key_fits_into_every_index(handler: str) -> None:
    import random

    chance = random.Random(1)
    key = "".join(chr(chance.randrange(0x10000, 0x1FFFF)) for _ in range(255))
    publish(key, 1)
    settle(handler)
    assert effects() == [(key, 1)]


def test_a_rollback_sends_nothing(handler: str) -> None:
    with transaction.atomic():
        ramet.publish(Moved(parcel="a", number=1))
        transaction.set_rollback(True)
    settle(handler)
    assert effects() == []
    assert count("outbox") == 0


def test_a_savepoint_rollback_sends_only_what_is_outside_of_it(handler: str) -> None:
    with transaction.atomic():
        ramet.publish(Moved(parcel="a", number=1))
        try:
            with transaction.atomic():
                ramet.publish(Moved(parcel="a", number=2))
                raise RuntimeError("no")
        except RuntimeError:
            pass
        with transaction.atomic():
            ramet.publish(Moved(parcel="a", number=3))
    settle(handler)
    assert effects() == [("a", 1), ("a", 3)]


def test_a_late_commit_of_a_lower_number_is_not_lost(handler: str) -> None:
    with transaction.atomic():
        ramet.publish(Moved(parcel="slow", number=1))
        in_thread(lambda: publish("quick", 1)).join(5)
        settle_thread = in_thread(lambda: settle(handler))
        settle_thread.join(5)
        assert effects() == [("quick", 1)]
    settle(handler)
    assert effects() == [("quick", 1), ("slow", 1)]


def test_two_transactions_of_one_key_are_ordered_by_their_commits(
    handler: str, eventually: Callable[..., Any]
) -> None:
    with transaction.atomic():
        ramet.publish(Moved(parcel="a", number=1))
        second = in_thread(lambda: publish("a", 2))
        eventually(
            lambda: _waiting_for_advisory_lock() == 1, what="the second waits for the key's lock"
        )
    second.join(5)
    settle(handler)
    assert effects() == [("a", 1), ("a", 2)]


def _waiting_for_advisory_lock() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        return int(cursor.fetchone()[0])


def test_every_handler_of_an_event_has_its_own_effect_and_failures(handler: str) -> None:
    @ramet.subscribe(Moved, attempts=1, name="broken")
    def fail(event: Moved) -> None:
        have_effect(event.parcel, event.number, "broken")
        raise ValueError("broken")

    publish("a", 1, 2)
    settle(handler, "broken")
    assert effects() == [("a", 1), ("a", 2)]
    assert count("inbox", "handler = 'broken' AND state = 'dead' AND error LIKE '%broken%'") == 2


def test_an_event_that_nobody_subscribes_to_leaves_no_row() -> None:
    publish("a", 1)
    settle("nobody")
    assert count("outbox") == count("inbox") == 0


def test_an_event_that_only_newer_code_knows_waits_for_its_worker(
    handler: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer = declared()
    with monkeypatch.context() as older:
        older.setattr(declaration, "_declared", {})
        publish("a", 1)
        assert move(surroundings()) == 0
    assert count("outbox") == 1
    assert Moved in [each.cls for each in newer.values()]
    settle(handler)
    assert effects() == [("a", 1)]
    assert count("outbox") == 0


def test_what_a_handler_publishes_commits_with_it(handler: str) -> None:
    attempts = []

    @ramet.subscribe(Moved, name="chain")
    def chain(event: Moved) -> None:
        if event.number == 1:
            ramet.publish(Moved(parcel="chained", number=7))
            attempts.append(event)
            if len(attempts) == 1:
                raise ValueError("first time")

    publish("a", 1)
    move(surroundings())
    assert work_off_one(Heads(["chain"])) > 0
    assert count("outbox") == 0
    with connection.cursor() as cursor:
        cursor.execute("UPDATE ramet_events_inbox SET run_at = now()")
    settle("chain", handler)
    assert effects() == [("a", 1), ("chained", 7)]


def test_order_of_keys_holds_under_several_movers_and_handler_threads(
    handler: str, working: Working, eventually: Callable[..., Any]
) -> None:
    for _ in range(2):
        working(Mover(surroundings()), *inbox_loops([handler], 4))

    def publish_all(prefix: str) -> None:
        for number in range(1, 31):
            for parcel in range(3):
                publish(f"{prefix}{parcel}", number)

    for thread in [in_thread(lambda each=each: publish_all(each)) for each in "xyz"]:
        thread.join(30)
    eventually(lambda: len(effects()) >= 270, within=30)
    per_key: dict[str, list[int]] = {}
    for key, number in effects():
        per_key.setdefault(key, []).append(number)
    assert per_key == {f"{x}{n}": list(range(1, 31)) for x in "xyz" for n in range(3)}


def test_a_slow_handler_keeps_back_its_own_key_and_no_other(
    working: Working, eventually: Callable[..., Any]
) -> None:
    slow, go_on = threading.Event(), threading.Event()

    @ramet.subscribe(Moved, name="tracker")
    def track(event: Moved) -> None:
        if event.parcel == "slow":
            slow.set()
            go_on.wait(20)
        have_effect(event.parcel, event.number, "tracker")

    try:
        working(Mover(surroundings()), *inbox_loops(["tracker"], 3))
        publish("slow", 1)
        assert slow.wait(5)
        for number in range(1, 4):  # each alone: nothing but its own wake-up brings it on
            publish("quick", number)
            eventually(lambda number=number: ("quick", number) in effects(), within=0.5)
        publish("quick", 4)
        publish("other", 1)
        eventually(lambda: len(effects()) == 5, within=1)
    finally:
        go_on.set()
    eventually(lambda: len(effects()) == 6, within=2)


def test_several_slow_keys_are_worked_off_side_by_side(
    working: Working, eventually: Callable[..., Any]
) -> None:
    together = threading.Barrier(3, timeout=5)

    @ramet.subscribe(Moved, name="tracker", attempts=1)
    def track(event: Moved) -> None:
        together.wait()
        have_effect(event.parcel, event.number, "tracker")

    working(Mover(surroundings()), *inbox_loops(["tracker"], 3))
    with transaction.atomic():
        ramet.publish(*(Moved(parcel=parcel, number=1) for parcel in "abc"))
    eventually(lambda: len(effects()) == 3, within=5)


def test_long_finished_events_are_forgotten_in_bounded_batches_soon_after_the_start(
    handler: str,
    working: Working,
    eventually: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(inbox, "FIRST_CLEANING", 0.2)
    monkeypatch.setattr(inbox, "CLEANED", 2)
    publish("a", 1, 2, 3, 4, 5, 6)
    settle(handler)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE ramet_events_inbox SET finished_at = now() - interval '31 days'"
            " WHERE payload NOT LIKE '%6%'"
        )
    assert inbox.forget_finished() == 2
    working(*inbox_loops([handler], 1))
    eventually(lambda: count("inbox") == 1, within=4)


def test_lag_is_told_in_seconds_of_the_database(handler: str) -> None:
    from ramet.events.operating import lag

    publish("a", 1)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE ramet_events_outbox SET time = now() - interval '90 seconds'")
    assert (lag().unsent, round(lag().oldest_unsent / 10)) == (1, 9)
    move(surroundings())
    with connection.cursor() as cursor:
        cursor.execute("UPDATE ramet_events_inbox SET received_at = now() - interval '1 hour'")
    (behind,) = lag().handlers
    assert (behind.handler, behind.waiting, round(behind.oldest / 100)) == (handler, 1, 36)


def test_a_failing_event_keeps_back_its_own_key_and_no_other(handler: str) -> None:
    tries: list[int] = []

    @ramet.subscribe(Moved, name="picky", attempts=3)
    def pick(event: Moved) -> None:
        if event.parcel == "bad" and event.number == 1:
            tries.append(event.number)
            raise ValueError("not this one")
        have_effect(event.parcel, event.number, "picky")

    publish("bad", 1, 2)
    publish("good", 1, 2)
    settle("picky")
    assert effects("picky") == [("good", 1), ("good", 2)]
    for _ in range(2):
        with connection.cursor() as cursor:
            cursor.execute("UPDATE ramet_events_inbox SET run_at = now() WHERE state = 'ready'")
        settle("picky")
    assert len(tries) == 3
    assert effects("picky")[2:] == [("bad", 2)]


def test_a_connection_that_is_cut_in_a_handler_uses_up_none_of_its_attempts() -> None:
    runs = []

    @ramet.subscribe(Moved, name="tracker", attempts=1)
    def track(event: Moved) -> None:
        runs.append(event.number)
        have_effect(event.parcel, event.number, "tracker")
        if len(runs) == 1:
            connection.connection.close()

    publish("a", 1)
    move(surroundings())
    heads = Heads(["tracker"])
    with pytest.raises(OperationalError):
        work_off_one(heads)
    assert work_off_one(heads) == 0
    assert runs == [1, 1]
    assert effects() == [("a", 1)]


@pytest.mark.parametrize("error", [SystemExit, CancelledError])
def test_a_handler_that_wants_to_end_everything_only_fails(
    error: type[BaseException], working: Working, eventually: Callable[..., Any]
) -> None:
    @ramet.subscribe(Moved, name="quitter", attempts=1)
    def quit_or_work(event: Moved) -> None:
        have_effect(event.parcel, event.number, "quitter")
        if event.parcel == "bad":
            raise error

    publish("bad", 1)
    worker = working(Mover(surroundings()), *inbox_loops(["quitter"], 1))
    publish("good", 1)
    eventually(lambda: effects() == [("good", 1)], within=3)
    assert count("inbox", f"state = 'dead' AND error LIKE '%{error.__name__}%'") == 1
    assert worker.stop(5) == []


def test_what_a_handler_does_after_a_swallowed_database_error_is_not_kept(handler: str) -> None:
    @ramet.subscribe(Moved, name="careless", attempts=1)
    def careless(event: Moved) -> None:
        have_effect(event.parcel, event.number, "careless")
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 / 0")
        except DataError:
            pass

    publish("a", 1)
    settle("careless")
    assert effects("careless") == []
    assert count("inbox", "handler = 'careless' AND state = 'dead'") == 1


def test_events_of_one_call_take_their_locks_in_one_order(handler: str) -> None:
    """Two transactions with the same keys in another order: neither is ended by the database."""
    failed: list[DatabaseProblem] = []

    def publish_often(keys: str) -> None:
        try:
            for number in range(1, 41):
                with transaction.atomic():
                    ramet.publish(*(Moved(parcel=key, number=number) for key in keys))
        except DatabaseProblem as error:
            failed.append(error)

    for thread in [in_thread(lambda keys=keys: publish_often(keys)) for keys in ("abcd", "dcba")]:
        thread.join(30)
    assert failed == []
    assert count("outbox") == 2 * 4 * 40


def test_calls_that_cross_in_two_transactions_end_one_of_them_and_announce_the_other(
    handler: str,
) -> None:
    """A first, then B; in the other transaction B first, then A: PostgreSQL ends one after
    deadlock_timeout (1 s). That one announces nothing and can be tried again."""
    both = threading.Barrier(2, timeout=5)
    told: list[str] = []

    def cross(mine: str, yours: str, number: int) -> None:
        try:
            with transaction.atomic():
                ramet.publish(Moved(parcel=mine, number=number))
                both.wait()
                ramet.publish(Moved(parcel=yours, number=number))
            told.append("committed")
        except OperationalError as error:
            told.append(type(error.__cause__).__name__)
            with transaction.atomic():
                ramet.publish(Moved(parcel=mine, number=number), Moved(parcel=yours, number=number))

    first = in_thread(lambda: cross("a", "b", 1))
    second = in_thread(lambda: cross("b", "a", 2))
    first.join(10)
    second.join(10)
    settle(handler)
    assert sorted(told) == ["DeadlockDetected", "committed"]
    assert sorted(effects()) == [("a", 1), ("a", 2), ("b", 1), ("b", 2)]
