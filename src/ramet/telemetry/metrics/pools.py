"""Who waits for a connection, where Django's option `pool` is on: each process has its own pools.

What PostgreSQL counts (`database`) says nothing of it: a pool that is too small leaves the server
idle. Names are those of https://opentelemetry.io/docs/specs/semconv/database/database-metrics/.
"""

from __future__ import annotations

import os
import threading
from typing import Any

from django.db.backends.signals import connection_created

from ramet.telemetry.metrics.instruments import Counter, Level

__all__ = ["observe"]

INTERVAL = 1.0
"""Seconds between two looks. Who waits for less is in `WAITED`, which misses nobody."""

_POOL = "db.client.connection.pool.name"
CONNECTIONS = Level(
    "db.client.connection.count",
    "Connections of Django's pools: idle or used; the name is the database's in DATABASES.",
    attributes=(_POOL, "db.client.connection.state"),
)
MOST = Level("db.client.connection.max", "Connections that a pool may have.", attributes=(_POOL,))
PENDING = Level(
    "db.client.connection.pending_requests",
    "Threads that wait for a connection of a pool.",
    attributes=(_POOL,),
)
WAITED = Counter(
    "ramet.database.pool.waited",
    "Time that threads waited for a connection of a pool; its rate is how many wait on average.",
    unit="s",
    attributes=(_POOL,),
)
TIMEOUTS = Counter(
    "db.client.connection.timeouts",
    "Threads that were given no connection in time, or for which the queue was full.",
    attributes=(_POOL,),
)

_pools: dict[str, Any] = {}
_counted: dict[str, tuple[int, int]] = {}
"""Milliseconds waited and failures that are counted already, of the pools of the same names."""
_lock = threading.Lock()


def observe() -> None:
    """Watch each pool from its first connection on."""
    connection_created.connect(_watch, dispatch_uid="ramet.telemetry.pools")


def _watch(*, connection: Any, **_: Any) -> None:
    if not connection.settings_dict["OPTIONS"].get("pool") or connection.vendor != "postgresql":
        return
    alias, pool = connection.alias, connection.pool
    if _pools.get(alias) is pool:
        return
    with _lock:
        is_first = not _pools
        _pools[alias] = pool
        _counted[alias] = (0, 0)
    if is_first:
        threading.Thread(target=_look_on, name="pool-metrics", daemon=True).start()


def _look_on() -> None:
    pid = os.getpid()
    pause = threading.Event()
    while os.getpid() == pid:
        with _lock:
            for alias, pool in [*_pools.items()]:
                _look(alias, pool)
            if not _pools:
                return
        pause.wait(INTERVAL)


def _look(alias: str, pool: Any) -> None:
    found = pool.get_stats()
    idle, size = found.get("pool_available", 0), found.get("pool_size", 0)
    if pool.closed:
        del _pools[alias]
        idle = size = 0
    CONNECTIONS.set(idle, alias, "idle")
    CONNECTIONS.set(size - idle, alias, "used")
    MOST.set(found.get("pool_max", 0), alias)
    PENDING.set(0 if pool.closed else found.get("requests_waiting", 0), alias)
    waited, failed = _counted[alias]
    _counted[alias] = found.get("requests_wait_ms", 0), found.get("requests_errors", 0)
    # Less than before: the project itself has reset them, as `pop_stats` does.
    WAITED.add(max(0, _counted[alias][0] - waited) / 1000, alias)
    TIMEOUTS.add(max(0, _counted[alias][1] - failed), alias)


def _forget() -> None:
    """In a fork, which has the parent's pools, but none of their threads."""
    global _lock
    _lock = threading.Lock()
    _pools.clear()
    _counted.clear()


os.register_at_fork(after_in_child=_forget)
