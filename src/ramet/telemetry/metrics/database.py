"""How many connections a service's database has, and may have: as PostgreSQL itself counts them.

Of all processes and threads together, which no single process could count.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db import connection

from ramet.telemetry.metrics.sources import Gauge, Reading, source

CONNECTIONS = Gauge(
    "ramet.database.connections",
    "Connections to the service's database: active, idle, idle in transaction, or waiting for a"
    " lock.",
    attributes=("state",),
)
MOST = Gauge("ramet.database.connections.most", "Connections that its server takes in all.")


@source("database")
def readings() -> Iterator[Reading]:
    """Nothing on another database than PostgreSQL."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT CASE WHEN wait_event_type = 'Lock' THEN 'waiting for a lock'"
            " ELSE coalesce(state, 'other') END, count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND backend_type = 'client backend'"
            " GROUP BY 1 ORDER BY 1"
        )
        yield CONNECTIONS.reading(*(((str(state),), float(n)) for state, n in cursor.fetchall()))
        cursor.execute("SELECT current_setting('max_connections')::float")
        yield MOST.reading(((), cursor.fetchone()[0]))
