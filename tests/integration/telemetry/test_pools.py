"""Django's pools of connections, on a real PostgreSQL: who waits for one is seen."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db.utils import ConnectionHandler

from ramet.placement.databases import database
from ramet.telemetry.metrics import pools
from ramet.telemetry.metrics.prometheus import own_series
from tests.conftest import Databases


@pytest.fixture
def databases(postgres: Databases, django_db_blocker: Any) -> Iterator[ConnectionHandler]:
    """One database, `orders`, with a pool of a single connection."""
    entry = database(postgres.create_database("pools"))
    pool = {"min_size": 1, "max_size": 1, "timeout": 10}
    entry = {**entry, "CONN_MAX_AGE": 0, "OPTIONS": {**entry.get("OPTIONS", {}), "pool": pool}}
    handler = ConnectionHandler({"default": {}, "orders": entry})
    pools.observe()
    with django_db_blocker.unblock():
        yield handler
        handler["orders"].close_pool()


def shown(name: str, *values: str) -> Any:
    """The number of one series of this process."""
    found = [each for each in own_series() if each.declaration.name == name]
    return next((each.numbers[0] for each in found if tuple(each.values) == values), None)


def test_who_waits_for_a_connection_is_counted_while_and_after(
    databases: ConnectionHandler, eventually: Callable[..., object]
) -> None:
    holder = databases["orders"]
    holder.ensure_connection()

    def ask() -> None:
        connection = databases["orders"]  # of this thread
        connection.ensure_connection()
        connection.close()

    waiting = threading.Thread(target=ask)
    waiting.start()
    pending = "db.client.connection.pending_requests"
    eventually(lambda: shown(pending, "orders") == 1, what="one waits")
    assert shown("db.client.connection.count", "orders", "used") == 1
    assert shown("db.client.connection.count", "orders", "idle") == 0
    assert shown("db.client.connection.max", "orders") == 1
    holder.close()
    waiting.join(timeout=5)
    eventually(lambda: shown(pending, "orders") == 0, what="nobody waits")
    eventually(lambda: shown("ramet.database.pool.waited", "orders") > 0.1, what="it is told")
    assert shown("db.client.connection.timeouts", "orders") == 0
