"""Lag, dead letters and replay, through the management command that `ramet events` calls."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

import ramet
from ramet.events.brokers.shared_database import move
from ramet.events.heads import Heads
from ramet.events.inbox import work_off_one
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
    with pytest.raises(CommandError, match="No dead letter matches"):
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
