"""The rule that no other service is asked while a database transaction is open.

Over HTTP the callee's effect stays when the caller rolls back, and the caller's locks are held
while it waits. In one process both would share a transaction, and a test that passes there would
mean nothing. So both are refused alike.
"""

import threading
from collections.abc import Sequence
from typing import Any

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from ramet.calls.errors import CallInsideTransaction

__all__ = ["connections_of_thread", "open_transaction", "refuse_inside_transaction"]


class _Known(threading.local):
    """This thread's database connections; asking Django for them costs a fifth of a whole call."""

    connections: Sequence[BaseDatabaseWrapper] | None = None


_known = _Known()


def connections_of_thread() -> Sequence[BaseDatabaseWrapper]:
    """Return the database connections that this thread has used so far."""
    known = _known.connections
    if known is None:
        known = _known.connections = connections.all(initialized_only=True)
    return known


def refuse_inside_transaction(called: str, *, unless: str = "") -> None:
    """Raise CallInsideTransaction if this thread has a transaction open on any database.

    `called` names what is called, `unless` how to say that it may be, where that is possible. The
    transactions that Django's TestCase wraps around each test do not count.
    """
    alias = open_transaction()
    if alias is not None:
        known = f"; where neither is possible and both dangers are understood, say {unless}"
        raise CallInsideTransaction(
            f"{called} is called inside transaction.atomic() on the database {alias!r}. Its effect "
            "would stay if the transaction rolled back, and the transaction's locks would be held "
            "while it runs. Call it before or after the transaction, or in a step of a saga"
            f"{known if unless else ''}."
        )


def open_transaction() -> str | None:
    """The database on which this thread has a transaction open; None without any."""
    for connection in connections_of_thread():
        if connection.in_atomic_block and not all(
            getattr(block, "_from_testcase", False) for block in connection.atomic_blocks
        ):
            return connection.alias
    return None


def _ask_anew(**_: Any) -> None:
    _known.connections = None


# No transaction opens without a connection, and no connection without this signal.
connection_created.connect(_ask_anew, dispatch_uid="ramet.calls.transactions")
