"""The inbox against a model of what it promises, whatever brokers, handlers and processes do.

A handler has exactly one effect of each event; ordered ones see the events of a key in the order in
which they arrived, as far as they are not dead; nothing is lost. More: `--hypothesis-profile=long`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

import ramet
from ramet.events import inbox
from ramet.events.cloudevents import Envelope
from ramet.events.dead_letters import Choice, replay
from ramet.events.declaration import type_of
from ramet.events.heads import Heads
from ramet.events.models import Inbox
from ramet.events.options import options
from ramet.events.storing import store
from ramet.events.subscription import subscription_of
from ramet.testing import Clock
from tests.conftest import bounded

ATTEMPTS = {"patient": 4, "strict": 1}
HANDLERS = sorted(ATTEMPTS)
KEYS = ["a", "b", "c"]
JUST_THEN = 0.01
"""Seconds by which SQLite's clock, which counts milliseconds, may differ from ours."""


class Killed(BaseException):
    """The process has ended: what was not committed has not happened."""


@dataclass
class Sent:
    """An event of the broker."""

    envelope: Envelope
    number: int
    at: timedelta


@dataclass
class Row:
    """What the model knows about one event for one handler."""

    key: str
    arrival: int
    state: str = "ready"
    attempts: int = 0
    not_before: float = 0.0


class InboxMachine(RuleBasedStateMachine):
    """Rules are what the world does; the model is `rows`, by handler and number of the event."""

    Said: ClassVar[Any]

    def __init__(self) -> None:
        super().__init__()
        Inbox.objects.all().delete()
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM effect")
        self.clock = Clock()
        self.sent: list[Sent] = []
        self.waiting: dict[str, list[Sent]] = {key: [] for key in KEYS}
        self.received: list[Sent] = []
        self.rows: dict[tuple[str, int], Row] = {}
        self.outcome = "works"
        self.called: tuple[str, int] | None = None
        self.wrong: list[str] = []
        for handler in HANDLERS:
            self._subscribe(handler)

    # -- What the world does -----------------------------------------------------------------------

    @rule(key=st.sampled_from(KEYS))
    def publish(self, key: str) -> None:
        number = len(self.sent)
        declaration = type_of(self.Said)
        assert declaration is not None
        payload = declaration.encode(self.Said(key=key, number=number))
        envelope = Envelope(uuid4(), declaration.name, "/test", key, datetime.now(UTC), payload, {})
        self.sent.append(Sent(envelope, number, self.clock.elapsed))
        self.waiting[key].append(self.sent[-1])

    @rule(keys=st.lists(st.sampled_from(KEYS), min_size=1, max_size=4))
    def deliver(self, keys: list[str]) -> None:
        """A batch: the order within a key is the broker's, between keys there is none."""
        batch = [self.waiting[key].pop(0) for key in keys if self.waiting[key]]
        new = self._store(batch)
        self.received += batch
        assert new == len(batch) * len(HANDLERS)
        for each in batch:
            for handler in HANDLERS:
                row = Row(each.envelope.key, len(self.rows))
                self.rows[handler, each.number] = row

    @rule(key=st.sampled_from(KEYS))
    def deliver_and_die_before_the_commit(self, key: str) -> None:
        with suppress(Killed), transaction.atomic():
            self._store(self.waiting[key][:2])
            raise Killed

    @precondition(lambda self: self.received)
    @rule(chance=st.data())
    def deliver_again(self, chance: st.DataObject) -> None:
        """In any order, at any time while the broker keeps it."""
        oldest = self.clock.elapsed - timedelta(days=options().broker_keeps)
        kept = [each for each in self.received if each.at > oldest]
        if kept:
            again = chance.draw(st.lists(st.sampled_from(kept), min_size=1, max_size=3))
            assert self._store(again) == 0

    @rule(outcome=st.sampled_from(["works", "works", "fails", "fails late", "exits", "is killed"]))
    def work_off(self, outcome: str) -> None:
        self._work_off(outcome)

    @rule(seconds=st.sampled_from([0.3, 1, 5, 60, 600]))
    def wait(self, seconds: float) -> None:
        self.clock.advance(seconds=seconds)

    @rule(days=st.sampled_from([1, 13, 31]))
    def be_away_for_days(self, days: int) -> None:
        self.deliver([key for key in KEYS for _ in self.waiting[key]])
        self.clock.advance(days=days)
        inbox.forget_finished()

    @precondition(lambda self: self.received)
    @rule(chance=st.data(), handler=st.sampled_from(["", *HANDLERS]))
    def replay(self, chance: st.DataObject, handler: str) -> None:
        """Any events, dead or not."""
        chosen = chance.draw(st.lists(st.sampled_from(self.received), max_size=3))
        self._replay({each.number: each.envelope.id for each in chosen}, handler)

    # -- What must hold ----------------------------------------------------------------------------

    @invariant()
    def what_is_done_has_one_effect_and_nothing_else_has_any(self) -> None:
        done = [name for name, row in self.rows.items() if row.state == "done"]
        assert sorted(_effects()) == sorted(done)

    def teardown(self) -> None:
        """In the end, when all is well again, everything has been worked off once."""
        self.deliver([key for key in KEYS for _ in self.waiting[key]])
        for _ in range(2):
            for _ in range(3 * len(self.rows) + 1):
                self._work_off("works")
            self._replay({}, "")
            self.clock.advance(days=1)
        numbers = [each.number for each in self.sent]
        assert sorted(_effects()) == sorted((h, n) for h in HANDLERS for n in numbers)

    # -- How ---------------------------------------------------------------------------------------

    def _subscribe(self, handler: str) -> None:
        def handle(event: Any) -> None:
            self._handle(handler, event)

        ramet.subscribe(self.Said, name=handler, attempts=ATTEMPTS[handler])(handle)

    def _store(self, batch: list[Sent]) -> int:
        subscriptions = [subscription_of(handler) for handler in HANDLERS]
        with transaction.atomic():
            return store(
                (subscription, each.envelope)
                for each in batch
                for subscription in subscriptions
                if subscription is not None
            )

    def _work_off(self, outcome: str) -> bool:
        """One attempt; whether there was anything to do. Then the model follows."""
        self.outcome, self.called, self.wrong = outcome, None, []
        with suppress(Killed), transaction.atomic():
            is_worked = inbox.work_off_one(Heads(HANDLERS)) is not None
            self._expect(is_worked is (self.called is not None), "worked off without its handler")
            if outcome == "is killed":
                raise Killed
        assert self.wrong == []
        if self.called is None:
            self._nothing_was_due()
            return False
        row = self.rows[self.called]
        if outcome == "works":
            row.state = "done"
        elif outcome != "is killed":
            row.attempts += 1
            if row.attempts == ATTEMPTS[self.called[0]]:
                row.state = "dead"
            step = inbox.FIRST_PAUSE * 2 ** (row.attempts - 1)
            row.not_before = self._now() + step / 2 - JUST_THEN
        return True

    def _handle(self, handler: str, event: Any) -> None:
        self._expect(self.called is None, "two attempts at once")
        self.called = (handler, event.number)
        row = self.rows[self.called]
        self._expect(row.state == "ready", f"worked off although it is {row.state}")
        self._expect(row is self._head(handler, row.key), "overtaken within its key")
        self._expect(self._now() >= row.not_before, "too early")
        if self.outcome in ("fails", "exits"):
            raise SystemExit if self.outcome == "exits" else ValueError
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO effect VALUES (%s, %s)", [handler, event.number])
        if self.outcome == "fails late":
            raise ValueError

    def _expect(self, is_so: bool, otherwise: str) -> None:
        """Noted, not raised: the inbox takes what is raised in a handler for the handler's."""
        if not is_so:
            self.wrong.append(otherwise)

    def _head(self, handler: str, key: str) -> Row | None:
        ready = [
            row
            for (each, _), row in self.rows.items()
            if each == handler and row.key == key and row.state == "ready"
        ]
        return min(ready, key=lambda row: row.arrival, default=None)

    def _nothing_was_due(self) -> None:
        """Every key's head waits for its next attempt; after the longest pause it must be tried."""
        ready = {(h, row.key) for (h, _), row in self.rows.items() if row.state == "ready"}
        heads = [self._head(handler, key) for handler, key in ready]
        assert all(head is not None and head.attempts for head in heads), "left lying"

    def _replay(self, chosen: dict[int, UUID], handler: str) -> None:
        dead = [
            row
            for (name, number), row in self.rows.items()
            if row.state == "dead" and handler in name and (number in chosen or not chosen)
        ]
        assert replay(Choice(event_ids=tuple(chosen.values()), handler=handler)) == len(dead)
        for row in dead:
            row.state, row.attempts, row.not_before = "ready", 0, 0.0

    def _now(self) -> float:
        return time.monotonic() + self.clock.elapsed.total_seconds()


def _effects() -> list[tuple[str, int]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT handler, number FROM effect")
        return [(handler, number) for handler, number in cursor.fetchall()]


@pytest.mark.django_db
def test_the_inbox_keeps_its_promises_whatever_happens(module: Callable[..., Any]) -> None:
    InboxMachine.Said = module("""
        @ramet.event(version=1, key="key")
        class Said:
            key: str
            number: int
    """).Said
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE effect (handler text, number integer)")
    run_state_machine_as_test(InboxMachine, settings=bounded(60, 30))
