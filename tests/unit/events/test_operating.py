"""Lag, dead letters and replay, through the management command that `ramet events` calls."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import structlog
from django.core.management import CommandError, call_command
from django.db import transaction

import ramet
from ramet.events import sql
from ramet.events.brokers.shared_database import move
from ramet.events.heads import Heads
from ramet.events.inbox import forget_finished, work_off_one
from ramet.events.models import Inbox, Scheduled
from ramet.events.producers import FORGED
from ramet.events.relay import COLUMNS, envelope_of
from ramet.events.storing import store
from ramet.events.subscription import subscriptions_to
from ramet.events.surroundings import surroundings

pytestmark = pytest.mark.django_db

Module = Callable[..., Any]


@pytest.fixture
def world(module: Module) -> Any:
    """A handler that fails for the words in `failing` and keeps the others in `done`."""
    made = module("""
        failing, done = set(), []

        @ramet.event(version=1, key="key")
        class Said:
            key: str
            word: str
    """)

    @ramet.subscribe(made.Said, name="listener", attempts=1)
    def listen(event: Any) -> None:
        if event.word in made.failing:
            raise ValueError(f"cannot hear {event.word}")
        made.done.append(event.word)

    return made


def say(world: Any, *words: str) -> None:
    with transaction.atomic():
        ramet.publish(*(world.Said(key="k", word=word) for word in words))


def settle() -> None:
    heads = Heads(["listener"])
    while move(surroundings()) or work_off_one(heads) is not None:
        pass


def asked(*arguments: str, capsys: pytest.CaptureFixture[str]) -> Any:
    call_command("ramet_events", *arguments)
    return json.loads(capsys.readouterr().out)


def test_lag_tells_what_waits_and_since_when(
    world: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    say(world, "one")
    found = asked("lag", "--json", capsys=capsys)
    assert found["unsent"] == 1
    assert found["oldest_unsent"] >= 0
    move(surroundings())
    (handler,) = asked("lag", "--json", capsys=capsys)["handlers"]
    assert handler | {"oldest": 0} == {
        "handler": "listener",
        "waiting": 1,
        "oldest": 0,
        "retrying": 0,
        "held": 0,
        "held_types": [],
        "dead": 0,
        "is_known": True,
    }


def test_a_dead_letter_is_shown_with_its_error_and_lets_its_key_go_on(
    world: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    world.failing.add("bad")
    say(world, "bad", "good")
    settle()
    assert world.done == ["good"]
    (letter,) = asked("dead", "--json", capsys=capsys)
    assert letter["error"] == "ValueError: cannot hear bad"
    assert letter["payload"] == '{"key":"k","word":"bad"}'
    call_command("ramet_events", "lag")
    assert "listener: 0 waiting" in capsys.readouterr().out


def test_replay_works_it_off_once_and_a_second_replay_finds_nothing(
    world: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    world.failing.add("bad")
    say(world, "bad")
    settle()
    (letter,) = asked("dead", "--json", capsys=capsys)
    world.failing.clear()
    call_command("ramet_events", "replay", letter["event_id"])
    settle()
    assert world.done == ["bad"]
    with pytest.raises(CommandError, match=rf"No dead letter here: {letter['event_id']} \(done\)"):
        call_command("ramet_events", "replay", letter["event_id"])
    settle()
    assert world.done == ["bad"]


def test_many_are_replayed_in_the_order_of_their_key(world: Any) -> None:
    world.failing |= {"1", "2", "3"}
    say(world, "1", "2", "3")
    settle()
    world.failing.clear()
    say(world, "4")
    move(surroundings())
    call_command("ramet_events", "replay", "--all")
    settle()
    assert world.done == ["1", "2", "3", "4"]


def dead_letters(world: Any, *words: str) -> dict[str, str]:
    """Have these die, each of a key of its own word; returns their ids."""
    world.failing |= set(words)
    with transaction.atomic():
        ramet.publish(*(world.Said(key=word, word=word) for word in words))
    settle()
    world.failing.clear()
    return {each.key: str(each.event_id) for each in Inbox.objects.filter(state="dead")}


def test_an_id_that_is_no_dead_letter_is_named_and_the_others_are_replayed(world: Any) -> None:
    ids, unknown = dead_letters(world, "a", "b"), str(uuid4())
    with pytest.raises(CommandError, match=rf"No dead letter here: {unknown} \(unknown\)") as told:
        call_command("ramet_events", "replay", ids["a"], unknown)
    assert told.value.returncode == 1
    settle()
    assert world.done == ["a"]


@pytest.mark.parametrize(
    ("narrowed", "replayed"),
    [
        (["--key", "b"], ["b"]),
        (["--error", "hear c"], ["c"]),
        (["--type", "Said.v1"], ["a", "b", "c"]),
        (["--type", "Sung"], []),
        (["--handler", "listen"], ["a", "b", "c"]),
        (["--handler", "reader"], []),
        (["--since", "2026-01-02T00:00:00Z"], ["b", "c"]),
        (["--until", "2026-01-02T01:00:00+01:00"], ["a"]),
        (["--since", "2026-01-02T00:00:00Z", "--until", "2026-01-03T00:00:00Z"], ["b"]),
    ],
)
def test_letters_are_chosen_by_what_is_known_of_them(
    world: Any, narrowed: list[str], replayed: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    for day, key in enumerate(sorted(dead_letters(world, "a", "b", "c")), start=1):
        died = datetime(2026, 1, day, 12, tzinfo=UTC)
        assert Inbox.objects.filter(key=key).update(finished_at=died) == 1
    shown = asked("dead", "--json", *narrowed, capsys=capsys)
    assert sorted(each["key"] for each in shown) == replayed
    told = asked("replay", "--json", "--dry-run", *narrowed, capsys=capsys)
    assert told == {"count": len(replayed), "missing": {}, "withheld": 0}
    assert Inbox.objects.filter(state="dead").count() == 3
    assert asked("replay", "--json", *narrowed, capsys=capsys)["count"] == len(replayed)
    settle()
    assert sorted(world.done) == replayed


@pytest.mark.parametrize(
    ("narrowed", "replayed"),
    [
        (["--all"], ["a"]),
        (["--type", "Said.v1"], ["a"]),
        (["--error", "o"], ["a"]),
        (["--error", FORGED], ["b"]),
    ],
)
def test_what_is_not_from_its_producer_is_replayed_only_when_it_is_meant(
    world: Any, narrowed: list[str], replayed: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    dead_letters(world, "a", "b")
    Inbox.objects.filter(key="b").update(error=f"{FORGED}: payments sent it")
    withheld = int("b" not in replayed)
    for again in (["--dry-run"], []):
        told = asked("replay", "--json", *narrowed, *again, capsys=capsys)
        assert told == {"count": 1, "missing": {}, "withheld": withheld}
    settle()
    assert world.done == replayed


def test_a_forged_letter_stays_dead_until_it_is_named(
    world: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    ids = dead_letters(world, "a", "b")
    Inbox.objects.filter(key="b").update(error=f"{FORGED}: payments sent it")
    call_command("ramet_events", "replay", "--all")
    assert capsys.readouterr().out == (
        "1 will be tried again\n1 not from their producer stay dead unless named by id\n"
    )
    call_command("ramet_events", "replay", ids["b"])
    settle()
    assert world.done == ["a", "b"]


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(CommandError, match="has no time zone"):
        call_command("ramet_events", "replay", "--since", "2026-01-02T00:00:00")


def test_a_discarded_letter_is_kept_and_never_worked_off(
    world: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    ids = dead_letters(world, "a", "b")
    call_command("ramet_events", "discard", ids["a"])
    assert capsys.readouterr().out == "1 will be kept and never tried again\n"
    call_command("ramet_events", "replay", "--all")
    settle()
    assert world.done == ["b"]
    capsys.readouterr()
    (kept,) = asked("dead", "--discarded", "--json", capsys=capsys)
    assert (kept["event_id"], kept["error"]) == (ids["a"], "ValueError: cannot hear a")
    with pytest.raises(CommandError, match=rf"{ids['a']} \(discarded\)"):
        call_command("ramet_events", "replay", ids["a"])


def test_what_is_for_later_is_no_lag(world: Any, capsys: pytest.CaptureFixture[str]) -> None:
    with transaction.atomic():
        ramet.publish(world.Said(key="k", word="later"), delay=timedelta(minutes=1))
        (overdue,) = ramet.publish(world.Said(key="k", word="late"), delay=timedelta(minutes=1))
    found = asked("lag", "--json", capsys=capsys)
    assert (found["unsent"], found["scheduled"]) == (0, 2)
    assert 50 < found["next_scheduled"] <= 60
    past = datetime.now(UTC) - timedelta(seconds=90)
    Scheduled.objects.filter(event_id=overdue).update(due=past)
    found = asked("lag", "--json", capsys=capsys)
    assert (found["unsent"], found["scheduled"]) == (1, 1)
    assert 85 < found["oldest_unsent"] < 100
    call_command("ramet_events", "lag")
    assert "1 for later, the first in" in capsys.readouterr().out


def test_lag_tells_what_is_held_and_of_which_type(
    world: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    say(world, "one", "two")
    move(surroundings())
    newer = "imaginary.orders.Said.v2"
    first = Inbox.objects.order_by("seq")[0]
    Inbox.objects.filter(pk=first.pk).update(type=newer)
    settle()
    (handler,) = asked("lag", "--json", capsys=capsys)["handlers"]
    assert (handler["waiting"], handler["held"], handler["held_types"]) == (2, 1, [newer])
    call_command("ramet_events", "lag")
    assert f"1 held: {newer}" in capsys.readouterr().out


def test_replay_of_nothing_in_particular_is_refused() -> None:
    with pytest.raises(CommandError, match="Nothing was chosen"):
        call_command("ramet_events", "replay")


def test_an_unordered_handler_on_sqlite_passes_over_what_waits(world: Any) -> None:
    @ramet.subscribe(world.Said, name="free", ordered=False)
    def free(event: Any) -> None:
        if event.word == "bad":
            raise ValueError
        world.done.append(event.word)

    say(world, "bad", "good")
    heads = Heads(["free"])
    while move(surroundings()) or work_off_one(heads) is not None:
        pass
    assert world.done == ["good"]


def test_a_duplicate_has_no_effect_for_keep_done_days_and_is_a_new_event_after(world: Any) -> None:
    say(world, "once")
    row = envelope_of(sql.rows(f"SELECT {COLUMNS} FROM ramet_events_outbox")[0], "/shop/orders")
    (wanted,) = subscriptions_to(row.type)
    settle()
    Inbox.objects.update(finished_at=datetime.now(UTC) - timedelta(days=29))
    assert forget_finished() == 0
    assert store([(wanted, row)]) == 0
    Inbox.objects.update(finished_at=datetime.now(UTC) - timedelta(days=31))
    assert forget_finished() == 1
    assert store([(wanted, row)]) == 1
    settle()
    assert world.done == ["once", "once"]


def test_a_letter_that_used_up_its_attempts_under_former_code_keeps_its_error(
    world: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """Newer code allows fewer attempts than were made."""
    say(world, "word")
    move(surroundings())
    Inbox.objects.update(attempts=5, error="ValueError: of former code")
    settle()
    (letter,) = asked("dead", "--json", capsys=capsys)
    assert "All 5 attempts are used up" in Inbox.objects.get().error
    assert "ValueError: of former code" in Inbox.objects.get().error
    assert letter["attempts"] == 5


def test_large_events_are_stored_in_portions(monkeypatch: pytest.MonkeyPatch, world: Any) -> None:
    from ramet.events import storing

    monkeypatch.setattr(storing, "_CHARACTERS_AT_ONCE", 100)
    portions: list[int] = []
    real = storing._portions

    def noted(pairs: Any) -> Any:
        for part in real(pairs):
            portions.append(len(part))
            yield part

    monkeypatch.setattr(storing, "_portions", noted)
    say(world, "x" * 40, "y" * 40, "z" * 200, "small", "small too")
    move(surroundings())
    assert portions == [1, 1, 1, 2]
    assert Inbox.objects.count() == 5


def test_a_page_gets_the_trace_and_the_whole_error_and_no_secret(
    world: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    world.failing.add("bad")
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    with structlog.contextvars.bound_contextvars(traceparent=f"00-{trace}-00f067aa0ba902b7-01"):
        say(world, "bad")
    settle()
    payload = {"key": "k", "word": "bad", "access_token": "abcdefgh", "note": "?code=12345678"}
    Inbox.objects.update(payload=json.dumps(payload))
    [letter] = asked("dead", "--json", "--for-page", capsys=capsys)
    assert letter["trace_id"] == trace
    assert letter["error"].startswith("Traceback")
    assert letter["error"].endswith("ValueError: cannot hear bad")
    assert letter["payload"]["word"] == "bad"
    assert letter["payload"]["access_token"] == "[redacted]"
    assert letter["payload"]["note"] == "?code=[redacted]"
    assert letter["state"] == "dead"


def test_what_is_tried_again_is_listed_with_its_next_time(
    world: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    say(world, "good")
    settle()
    assert asked("lag", "--for-page", capsys=capsys)["retrying"] == []
    Inbox.objects.update(state="ready", attempts=2, error="ValueError: once more")
    [waiting] = asked("lag", "--for-page", capsys=capsys)["retrying"]
    assert (waiting["handler"], waiting["attempts"]) == ("listener", 2)
    assert waiting["error"] == "ValueError: once more"
    assert datetime.fromisoformat(waiting["next_at"]).tzinfo is not None
