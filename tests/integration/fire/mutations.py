"""The mechanisms that the promises rest on, each taken out: what only tests can do.

Nothing in `ramet` knows of this module. A mutation patches the host's process, or its database, for
one order; when what it patches is no longer there, it fails instead of proving nothing.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator
from typing import Any

from django.db import connections, transaction

from ramet.events import claims, heads, inbox, leases, publishing, receiver, relay, sql, storing
from ramet.sagas import engine
from ramet.sagas.models import Direction


def replace(owner: Any, name: str, value: Any) -> None:
    """Set an attribute that must be there."""
    if not hasattr(owner, name):
        raise LookupError(f"{owner.__name__} has no {name}: the mutation needs an update")
    setattr(owner, name, value)


@contextlib.contextmanager
def without(mechanism: str | None) -> Iterator[None]:
    """Everything in the block, and what it forks, runs without the mechanism."""
    if mechanism is None:
        yield
        return
    with MUTATIONS[mechanism]():
        yield


@contextlib.contextmanager
def dedup() -> Iterator[None]:
    """An event that arrives again is stored again."""
    replace(storing, "_ONCE", "")
    table = "ALTER TABLE ramet_events_inbox"
    sql.run(f"{table} DROP CONSTRAINT ramet_inbox_once")
    try:
        yield
    finally:
        sql.run("TRUNCATE ramet_events_inbox")
        sql.run(f"{table} ADD CONSTRAINT ramet_inbox_once UNIQUE (handler, event_id)")


@contextlib.contextmanager
def outbox_transaction() -> Iterator[None]:
    """The outbox is written in a transaction of its own, as a message sent to a broker would be."""
    insert = publishing._insert

    def elsewhere(rows: list[list[Any]]) -> None:
        own = connections.create_connection("default")
        mine = publishing.connection
        replace(publishing, "connection", own)
        try:
            insert(rows)
        finally:
            replace(publishing, "connection", mine)
            own.close()

    replace(publishing, "_insert", elsewhere)
    yield


@contextlib.contextmanager
def key_lock() -> Iterator[None]:
    """Transactions of one key do not wait for each other."""

    class Unlocked:
        vendor = "sqlite of all that it is asked"

        def cursor(self) -> Any:
            return connections["default"].cursor()

        def __getattr__(self, name: str) -> Any:
            return getattr(connections["default"], name)

    replace(publishing, "connection", Unlocked())
    yield


@contextlib.contextmanager
def fencing() -> Iterator[None]:
    """A lease that was held once is believed to be held for ever, and the epoch says nothing."""
    replace(leases.Lease, "is_held", True)
    replace(relay.Relay, "_until", lambda self, number: math.inf)

    def move_position(self: receiver.Receiver, lease: leases.Lease, position: str) -> None:
        sql.run(
            "UPDATE ramet_events_lease SET position = %s WHERE name = %s", [position, lease.name]
        )

    replace(receiver.Receiver, "_move_position", move_position)
    yield


@contextlib.contextmanager
def head_of_key() -> Iterator[None]:
    """Any waiting event of a key may be worked off, not only its first."""
    replace(claims, "_IS_HEAD", "1 = 1")
    skips = "CASE WHEN head.is_ordered THEN 9223372036854775807 ELSE head.seq END"
    if skips not in heads._JUMP:
        raise LookupError("heads has another way to skip: the mutation needs an update")
    replace(heads, "_JUMP", heads._JUMP.replace(skips, "head.seq"))
    replace(inbox, "FIRST_PAUSE", 1.0)  # so that there is time to overtake
    yield


@contextlib.contextmanager
def one_transaction() -> Iterator[None]:
    """A handler commits by itself, and is marked as done afterwards."""
    handle = inbox._handle

    def apart(claimed: Any) -> None:
        handle(claimed)
        transaction.get_connection().connection.commit()

    replace(inbox, "_handle", apart)
    yield


@contextlib.contextmanager
def compensation() -> Iterator[None]:
    """On its way back a saga writes its steps as undone and does not call what undoes them."""
    do = engine._do

    def forward_only(held: Any, definition: Any, step: Any) -> Any:
        if held.progress.direction is Direction.BACKWARD:
            return held.state
        return do(held, definition, step)

    replace(engine, "_do", forward_only)
    yield


MUTATIONS: dict[str, Callable[[], contextlib.AbstractContextManager[None]]] = {
    each.__name__.replace("_", "-"): each
    for each in (
        dedup,
        outbox_transaction,
        key_lock,
        fencing,
        head_of_key,
        one_transaction,
        compensation,
    )
}
