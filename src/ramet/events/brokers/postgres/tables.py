"""The tables of PostgreSQL as a broker, and their statements: an append-only log for each system.

A reader that goes on after the highest number it has seen loses what commits late under a lower
one. So numbers are not drawn from a sequence: a batch takes them from the stream's row, whose lock
it holds until it commits, and they become visible in their order and without gaps.
"""

from __future__ import annotations

from typing import LiteralString

LOCK = 7_263_091_552_417
"""Advisory lock under which the tables are made; any number that nobody else takes."""

TABLES: tuple[LiteralString, ...] = (
    """CREATE TABLE IF NOT EXISTS ramet_broker_stream (
        system text PRIMARY KEY,
        identity uuid NOT NULL DEFAULT gen_random_uuid(),
        last bigint NOT NULL DEFAULT 0
    )""",
    """CREATE TABLE IF NOT EXISTS ramet_broker_event (
        system text NOT NULL,
        number bigint NOT NULL,
        id uuid NOT NULL,
        type text NOT NULL,
        key text NOT NULL,
        body bytea NOT NULL,
        stored_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (system, number)
    )""",
    """CREATE TABLE IF NOT EXISTS ramet_broker_reader (
        system text NOT NULL,
        service text NOT NULL,
        identity uuid NOT NULL,
        number bigint NOT NULL,
        PRIMARY KEY (system, service)
    )""",
)

ARE_THERE: LiteralString = (
    "SELECT to_regclass('ramet_broker_stream') IS NOT NULL"
    " AND to_regclass('ramet_broker_event') IS NOT NULL"
    " AND to_regclass('ramet_broker_reader') IS NOT NULL"
)

MAKE_STREAM: LiteralString = (
    "INSERT INTO ramet_broker_stream (system) VALUES (%s) ON CONFLICT DO NOTHING"
)

STREAM: LiteralString = "SELECT identity::text, last FROM ramet_broker_stream WHERE system = %s"

BE_DURABLE: LiteralString = (
    "SELECT set_config('lock_timeout', %s, true),"
    " CASE WHEN current_setting('synchronous_commit') = 'off'"
    " THEN set_config('synchronous_commit', 'on', true) END"
)

TAKE_NUMBERS: LiteralString = (
    "UPDATE ramet_broker_stream SET last = last + %s WHERE system = %s RETURNING last"
)

APPEND: LiteralString = (
    "INSERT INTO ramet_broker_event (system, number, id, type, key, body)"
    " SELECT %s, * FROM unnest(%s::bigint[], %s::uuid[], %s::text[], %s::text[], %s::bytea[])"
)

# What has another type is passed over, and its body stays in the server.
READ: LiteralString = (
    "SELECT number, id::text, CASE WHEN type = ANY(%s)"
    " OR regexp_replace(type, '[0-9]+$', '*') = ANY(%s)"
    " THEN body END FROM ramet_broker_event"
    " WHERE system = %s AND number > %s ORDER BY number LIMIT %s"
)

ID_OF: LiteralString = "SELECT id::text FROM ramet_broker_event WHERE system = %s AND number = %s"

REMEMBER: LiteralString = (
    "INSERT INTO ramet_broker_reader (system, service, identity, number)"
    " VALUES (%s, %s, %s::uuid, %s)"
    " ON CONFLICT (system, service)"
    " DO UPDATE SET identity = excluded.identity, number = excluded.number"
)

REMEMBERED: LiteralString = (
    "SELECT identity::text, number FROM ramet_broker_reader WHERE system = %s AND service = %s"
)

# From the old end, so that it reads no more than it removes.
FORGET: LiteralString = (
    "DELETE FROM ramet_broker_event WHERE system = %s AND number IN ("
    "SELECT number FROM ramet_broker_event WHERE system = %s ORDER BY number LIMIT %s"
    ") AND stored_at < clock_timestamp() - make_interval(days => %s)"
)
