"""Putting events into the inbox: one row for each handler and event, however often it arrives."""

# ruff: noqa: S608  values are parameters; what is put in are expressions of ramet.events.sql

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from ramet.events import headers, sql, wake
from ramet.events.cloudevents import Envelope
from ramet.events.subscription import Subscription

INBOX = "inbox"
"""The topic that wakes the handlers."""

_STORE = (
    "INSERT INTO ramet_events_inbox"
    ' (handler, event_id, type, "key", time, payload, headers, run_at) {rows}'
)
_FROM_JSON = f"""SELECT received.*, timestamptz {sql.LONG_AGO}
 FROM json_to_recordset(%s) AS received
 (handler text, event_id uuid, type text, "key" text, time timestamptz, payload text, headers text)
"""
"""One parameter for all rows: the client would else quote thousands of them one by one, which was
the larger part of receiving. The rows keep their order."""
_ONCE = " ON CONFLICT (handler, event_id) DO NOTHING"

_STORED_AT_ONCE, _CHARACTERS_AT_ONCE = 500, 8 * 1024 * 1024


def store(received: Iterable[tuple[Subscription, Envelope]]) -> int:
    """Put events into the inbox, in this order, inside the caller's transaction.

    What is there already, in whatever state, stays as it is. Returns how many were new.
    """
    stored = 0
    values: list[Any]
    for part in _portions(list(received)):
        rows: list[dict[str, object]] = [
            {
                "handler": subscription.handler,
                "event_id": sql.uuid_in(envelope.id),
                "type": envelope.type,
                "key": envelope.key,
                "time": sql.time_in(envelope.time),
                "payload": envelope.payload,
                "headers": headers.dumped(envelope.headers),
            }
            for subscription, envelope in part
        ]
        if sql.is_postgresql():
            selected, values = _FROM_JSON, [msgspec.json.encode(rows).decode()]
        else:
            places = ", ".join([f"(%s, %s, %s, %s, %s, %s, %s, {sql.LONG_AGO})"] * len(rows))
            selected = f"VALUES {places}"
            values = [each for row in rows for each in row.values()]
        stored += sql.run(_STORE.format(rows=selected) + _ONCE, values)
    if stored:
        wake.wake_after_commit(INBOX)
    return stored


def store_dead(subscription: Subscription, envelope: Envelope, why: str) -> bool:
    """Keep an event as a dead letter, inside the caller's transaction; False if it is there.

    It has no effect until a person replays it, and keeps no other event of its key back.
    """
    stored = sql.run(
        "INSERT INTO ramet_events_inbox"
        ' (handler, event_id, type, "key", time, payload, headers, run_at, state, error,'
        f" finished_at) VALUES (%s, %s, %s, %s, %s, %s, %s, {sql.LONG_AGO}, 'dead', %s,"
        f" {sql.now()}){_ONCE}",
        [
            subscription.handler,
            sql.uuid_in(envelope.id),
            envelope.type,
            envelope.key,
            sql.time_in(envelope.time),
            envelope.payload,
            headers.dumped(envelope.headers),
            why,
        ],
    )
    return bool(stored)


def _portions(
    pairs: Sequence[tuple[Subscription, Envelope]],
) -> Iterator[list[tuple[Subscription, Envelope]]]:
    """What one statement stores: a parameter has an end, and large events should not add up."""
    part: list[tuple[Subscription, Envelope]] = []
    size = 0
    for pair in pairs:
        if part and (
            len(part) == _STORED_AT_ONCE or size + len(pair[1].payload) > _CHARACTERS_AT_ONCE
        ):
            yield part
            part, size = [], 0
        part.append(pair)
        size += len(pair[1].payload)
    if part:
        yield part
