"""Events in tests: worked off in the test's own thread, and troubled as brokers trouble them."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from functools import wraps
from typing import Any, TypeVar
from uuid import UUID

from django.db import Error as DatabaseProblem
from django.db import connection

from ramet.events import sql, subscription
from ramet.events.declaration import declared, type_of
from ramet.events.errors import InvalidEvent
from ramet.events.heads import Heads
from ramet.events.inbox import work_off_one
from ramet.events.loops import own_subscriptions
from ramet.events.models import Inbox
from ramet.events.scheduled import Calendar
from ramet.events.subscription import Subscription
from ramet.events.surroundings import surroundings
from ramet.testing.broker import MemoryBroker
from ramet.testing.clock import Clock
from ramet.testing.misuse import misuse
from ramet.testing.mixing import MixedHeads
from ramet.testing.transport import SharedDatabase, ThroughBroker, Transport

__all__ = ["PLACES", "Events", "HandlerFailed"]

E = TypeVar("E")

PLACES = ("relay", "receiver", "handler")
"""Where a connection can be dropped."""

MOST = 10_000
"""Events that one `settle` works off: more are events that publish each other for ever."""


class HandlerFailed(AssertionError):
    """An event could not be worked off, and not because of what its handler raised."""


class Events:
    """The fixture `events`."""

    def __init__(self, clock: Clock, *, is_through_broker: bool) -> None:
        self._place = surroundings()
        self._broker = MemoryBroker(lambda: clock.elapsed)
        self._through_broker: ThroughBroker | None = None
        self._is_through_broker = is_through_broker
        self._repeated: set[str] = set()
        self._delays: dict[str, timedelta] = {}
        self._drops: set[tuple[str, str]] | None = None
        """(handler, event) of the connections that were dropped; None: none are to be."""
        self._published: list[Any] = []
        self._noted: set[UUID] = {event_id for event_id, _, _ in _outbox()}

    # -- What happened -----------------------------------------------------------------------------

    @property
    def published(self) -> list[Any]:
        """Every event that was published in this test and whose transaction has committed.

        In the order of publication, as instances of their classes. In a test with the fixture `db`
        a transaction of the code under test counts as committed when its block has ended.
        """
        return [*self._published, *(event for _, event in self._unnoted())]

    def of(self, cls: type[E]) -> list[E]:
        """Those of `published` that are of this class."""
        _type_name(cls, "events.of()")
        return [event for event in self.published if type(event) is cls]

    # -- Working off -------------------------------------------------------------------------------

    def settle(self, *, raising: bool = True) -> int:
        """Deliver and work off what is due until nothing is; how many attempts that were.

        What those events publish is worked off too. When a handler raises, so does this, with the
        handler's own error: the event then waits for its next attempt as in production, which
        `clock.advance` makes due. With `raising=False`, failures are only recorded, and the rest
        is worked off. No worker must run at the same time.
        """
        before = _failures()
        with self._watched() as errors:
            count = self._work_off(errors if raising else [])
        if raising and (failed := _failures() - before):
            handler = min(failed)[1]
            rows = Inbox.objects.filter(handler=handler).exclude(error="").order_by("-seq")
            raise HandlerFailed(f"{handler}: {rows.values_list('error', flat=True)[0]}")
        return count

    # -- Trouble -----------------------------------------------------------------------------------

    def duplicate(self, *types: type[Any]) -> None:
        """Deliver events three times from now on: twice at once, and again when they are done.

        Those of `types`, or all.
        """
        self._repeated |= self._names(types, "events.duplicate()")
        self._broker.repeated = self._repeated.__contains__
        self._is_through_broker = True

    def reorder(self, seed: int | None = None) -> None:
        """Deliver and work off in a random order from now on, as far as guarantees allow.

        The order of a key stays; between keys, services and handlers there is none. The same seed
        gives the same order; without one, it is printed.
        """
        if seed is None:
            seed = random.randrange(2**32)  # noqa: S311
            print(f"events.reorder(seed={seed})")
        self._broker.mixing = random.Random(seed)  # noqa: S311
        self._is_through_broker = True

    def delay(
        self, *types: type[Any], hours: float = 0, minutes: float = 0, seconds: float = 0
    ) -> None:
        """Have events arrive that much later from now on: `clock.advance` makes them arrive.

        Those of `types`, or all. Later events of the same key wait behind them, as on a broker.
        """
        by = timedelta(hours=hours, minutes=minutes, seconds=seconds)
        if by <= timedelta():
            raise misuse(
                "no-delay",
                "events.delay()",
                found=f"a delay of {by.total_seconds():g} s",
                expected="more than nothing",
                remedy="write events.delay(OrderConfirmed, minutes=5)",
            )
        self._delays |= dict.fromkeys(self._names(types, "events.delay()"), by)
        self._broker.delay = lambda name: self._delays.get(name, timedelta())
        self._is_through_broker = True

    def drop_connection(self, *places: str) -> None:
        """Lose connections from now on, at each of `places`, or at all three.

        `relay`: the broker has stored what was sent, and the acknowledgement is lost; it is sent
        again. `receiver`: the connection is lost after an event was received. `handler`: the
        database goes away when a handler has done its work and before that is committed; each
        handler loses its first run of each event, and runs again. So what a handler does besides
        the database happens twice: that is what this shows.

        Raises DiagnosticError for `handler` in a test with `db` instead of `transactional_db`,
        where the connection holds the test's own data, and on SQLite, which has none to lose.
        """
        if unknown := sorted(set(places) - set(PLACES)):
            raise misuse(
                "unknown-place",
                "events.drop_connection()",
                found=", ".join(map(repr, unknown)),
                expected=f"{', '.join(PLACES)}, or nothing for all of them",
                remedy='write events.drop_connection("relay")',
            )
        chosen = set(places or PLACES)
        if "handler" in chosen:
            _refuse_undroppable()
            self._drops = set()
        self._broker.lost_sends += "relay" in chosen
        self._broker.lost_deliveries += "receiver" in chosen
        self._is_through_broker = True

    # -- How ---------------------------------------------------------------------------------------

    def _work_off(self, errors: list[BaseException]) -> int:
        heads = self._heads()
        for count in range(MOST):
            while True:
                is_moved = self._pump()
                outcome = self._attempt(heads)
                if errors:
                    raise errors[0]
                if outcome is not None:
                    break
                if not is_moved and not self._broker.repeat_late():
                    return count
        raise HandlerFailed(f"not settled after {MOST:,} events: do they publish each other?")

    def _attempt(self, heads: Heads) -> float | None:
        dropped = len(self._drops or ())
        try:
            return work_off_one(heads)
        except DatabaseProblem:
            if len(self._drops or ()) == dropped:
                raise
            connection.close()  # as a worker does; the next query connects anew
            return 0

    def _pump(self) -> bool:
        Calendar().release()  # a new one: it need not know that the clock was advanced
        for event_id, event in self._unnoted():
            self._noted.add(event_id)
            self._published.append(event)
        return self._transport().pump()

    def _transport(self) -> Transport:
        if not self._is_through_broker:
            return SharedDatabase(self._place)
        if self._through_broker is None:
            self._through_broker = ThroughBroker(self._place, self._broker)
        return self._through_broker

    def _heads(self) -> Heads:
        handlers = [each.handler for _, each in own_subscriptions(self._place)]
        mixing = self._broker.mixing
        return Heads(handlers) if mixing is None else MixedHeads(handlers, mixing)

    def _unnoted(self) -> list[tuple[UUID, Any]]:
        """What is in the outbox; what cannot be read is left to the inbox to tell."""
        known, found = declared(), []
        for event_id, name, payload in _outbox():
            if event_id not in self._noted and name in known:
                with suppress(InvalidEvent):
                    found.append((event_id, known[name].decode(payload)))
        return found

    @contextmanager
    def _watched(self) -> Iterator[list[BaseException]]:
        """Note what handlers raise, and drop connections after them."""
        errors: list[BaseException] = []
        former = dict(subscription._subscriptions)
        for handler, each in former.items():
            function = self._with_trouble(each, errors)
            subscription._subscriptions[handler] = replace(each, function=function)
        try:
            yield errors
        finally:
            subscription._subscriptions.update(former)

    def _with_trouble(
        self, each: Subscription, errors: list[BaseException]
    ) -> Callable[[Any], None]:
        @wraps(each.function)  # by its module, the service of a handler is known
        def run(event: Any) -> None:
            try:
                each.function(event)
            except BaseException as error:
                errors.append(error)
                raise
            if self._drops is not None and (each.handler, repr(event)) not in self._drops:
                self._drops.add((each.handler, repr(event)))
                connection.connection.close()

        return run

    def _names(self, types: tuple[type[Any], ...], where: str) -> set[str]:
        return {_type_name(cls, where) for cls in types} or set(declared())


def _type_name(cls: type[Any], where: str) -> str:
    declaration = type_of(cls) if isinstance(cls, type) else None
    if declaration is None:
        raise misuse(
            "not-an-event",
            where,
            found=getattr(cls, "__qualname__", repr(cls)),
            expected="a class that is declared with @ramet.event",
            remedy="import it from the events module of the app that publishes it",
        )
    return declaration.name


def _outbox() -> list[tuple[UUID, str, str]]:
    found = sql.rows("SELECT event_id, type, payload FROM ramet_events_outbox ORDER BY seq")
    return [(sql.uuid_out(event_id), name, payload) for event_id, name, payload in found]


def _failures() -> set[tuple[int, str, int]]:
    """What has failed and is not done: (row, handler, attempts)."""
    failed = Inbox.objects.filter(attempts__gt=0).exclude(state=Inbox.State.DONE)
    return set(failed.values_list("seq", "handler", "attempts"))


def _refuse_undroppable() -> None:
    is_in_test = any(getattr(block, "_from_testcase", False) for block in connection.atomic_blocks)
    is_sqlite = connection.vendor == "sqlite"
    if is_in_test or is_sqlite:
        raise misuse(
            "connection-holds-the-test",
            "events.drop_connection()",
            found="SQLite, which is a part of the process"
            if is_sqlite
            else "a transaction around the whole test (fixture db, or TestCase)",
            expected="a database whose connection can be lost without what the test wrote",
            remedy='name the other places: events.drop_connection("relay", "receiver"); for the'
            " handler, use PostgreSQL and the fixture transactional_db, or"
            " django_db(transaction=True)",
        )
