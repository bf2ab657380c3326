"""`ordered=False`: each event is worked off by itself, whatever becomes of others of its key."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction

import ramet
from ramet.errors import DiagnosticError
from ramet.events import heads, loops
from ramet.events.brokers import Capabilities
from ramet.events.brokers.shared_database import Mover, move
from ramet.events.heads import Heads
from ramet.events.inbox import inbox_loops, work_off_one
from ramet.events.subscription import subscriptions
from ramet.events.surroundings import surroundings
from tests.integration.events.conftest import count, effects, have_effect
from tests.integration.events.parcels.events import Moved

pytestmark = pytest.mark.usefixtures("database")


def following(proposing: Heads) -> int | None:
    """The number of the next row that is proposed."""
    return next((seq for seq, _ in proposing.take(lambda handler: 1)), None)


def publish(parcel: str, *numbers: int) -> None:
    with transaction.atomic():
        ramet.publish(*(Moved(parcel=parcel, number=number) for number in numbers))


def settle(*handlers: str) -> None:
    proposing = Heads(handlers)
    while move(surroundings()) or work_off_one(proposing) is not None:
        pass


def subscribe(name: str, *, ordered: bool, failing: tuple[int, ...] = ()) -> None:
    @ramet.subscribe(Moved, name=name, ordered=ordered)
    def handle(event: Moved) -> None:
        have_effect(event.parcel, event.number, name)
        if event.number in failing:
            raise ValueError("not this one")


def test_a_failing_event_of_an_unordered_handler_keeps_nothing_back() -> None:
    subscribe("free", ordered=False, failing=(1, 3))
    subscribe("strict", ordered=True, failing=(1, 3))
    publish("a", 1, 2, 3, 4)
    settle("free", "strict")
    assert effects("free") == [("a", 2), ("a", 4)]
    assert effects("strict") == []
    assert count("inbox", "handler = 'free' AND state = 'ready' AND attempts = 1") == 2


def test_events_of_one_key_are_worked_off_side_by_side(
    working: Callable[..., Any], eventually: Callable[..., Any]
) -> None:
    together = threading.Barrier(3, timeout=5)

    @ramet.subscribe(Moved, name="free", ordered=False, attempts=1)
    def handle(event: Moved) -> None:
        together.wait()
        have_effect(event.parcel, event.number, "free")

    working(Mover(surroundings()), *inbox_loops(["free"], 3))
    publish("a", 1, 2, 3)
    eventually(lambda: sorted(effects()) == [("a", 1), ("a", 2), ("a", 3)], within=8)


def test_each_event_is_worked_off_once_by_many_threads(
    working: Callable[..., Any], eventually: Callable[..., Any]
) -> None:
    subscribe("free", ordered=False)
    subscribe("strict", ordered=True)
    for _ in range(2):
        working(Mover(surroundings()), *inbox_loops(["free", "strict"], 3))
    for number in range(1, 101, 5):
        publish("a", *range(number, number + 5))
    eventually(lambda: count("inbox", "state = 'done'") == 200, within=20)
    assert effects("strict") == [("a", number) for number in range(1, 101)]
    assert sorted(effects("free")) == [("a", number) for number in range(1, 101)]


def test_many_events_of_one_key_let_those_of_another_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heads, "_JUMP", heads._JUMP.replace(f"LIMIT {heads.ENOUGH}", "LIMIT 10"))
    monkeypatch.setattr(heads, "ENOUGH", 10)
    subscribe("free", ordered=False)
    publish("a", *range(100))
    publish("b", 1)
    move(surroundings())
    proposing, proposed = Heads(["free"]), []
    for _ in range(13):  # nothing is worked off: each look goes on behind the one before
        proposing.look()
        while (seq := following(proposing)) is not None:
            proposed.append(seq)
    assert len(set(proposed)) == 101


def test_only_ordered_handlers_need_a_broker_that_keeps_the_order_of_keys() -> None:
    class Careless:
        capabilities = Capabilities(
            "Careless", key_order=False, replay=True, delay=False, largest=1_000_000
        )

    def demanded_by() -> list[str]:
        try:
            loops._demand_order(Careless(), list(subscriptions()))  # type: ignore[arg-type]
        except DiagnosticError as refused:
            return [each.where for each in refused.mistakes]
        return []

    subscribe("free", ordered=False)
    assert demanded_by() == []
    subscribe("strict", ordered=True)
    assert demanded_by() == ["strict"]
