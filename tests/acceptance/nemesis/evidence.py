"""What is kept when something went wrong: logs, and the rows that a person would ask for."""

from __future__ import annotations

from pathlib import Path

import psycopg

from tests.acceptance.nemesis.shaken_shop import ShakenShop

_EVENTS = (
    "SELECT * FROM ramet_events_inbox WHERE state <> 'done'",
    "SELECT * FROM ramet_events_outbox",
    "SELECT *, clock_timestamp() FROM ramet_events_lease",
    "SELECT pid, state, wait_event, xact_start, query FROM pg_stat_activity"
    " WHERE usename = current_user",
)
_QUERIES = {
    "orders": (
        "SELECT id, status, reason, total, created_at, cancel_requested_at FROM orders_order",
        "SELECT *, clock_timestamp() FROM ramet_sagas_sagarun"
        " WHERE status NOT IN ('completed', 'compensated')",
        "SELECT r.key, s.* FROM ramet_sagas_sagastep s JOIN ramet_sagas_sagarun r"
        " ON r.id = s.run_id ORDER BY r.key, s.id",
        *_EVENTS,
    ),
    "payments": ("SELECT * FROM payments_payment", "SELECT * FROM payments_movement", *_EVENTS),
    "products": ("SELECT * FROM products_reservation", *_EVENTS),
    "users": ("SELECT * FROM users_letter", *_EVENTS),
}


def keep(shop: ShakenShop, folder: Path) -> Path:
    """Write it below `folder`, and return where."""
    where = folder / "evidence"
    shop.keep_logs(where)
    for service, queries in _QUERIES.items():
        lines: list[str] = []
        for query in queries:
            lines.append(query)
            try:
                lines += [f"    {row}" for row in shop.sql(service, query)]
            except psycopg.Error as error:
                lines.append(f"    cannot be read: {error}")
        (where / f"rows-of-{service}.txt").write_text("\n".join(lines))
    return where
