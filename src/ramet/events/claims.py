"""The rows of the inbox that one transaction has in hand: taking them, and marking what became of
them.
"""

# ruff: noqa: S608  values are parameters; what is put in are expressions of ramet.events.sql

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ramet.events import headers, sql
from ramet.events.heads import LONGEST_PAUSE
from ramet.events.subscription import subscription_of, unordered_handlers


@dataclass(frozen=True, slots=True)
class Claimed:
    """One row that this transaction has locked."""

    seq: int
    handler: str
    event_id: str
    type: str
    key: str
    payload: str
    headers: dict[str, str]
    attempts: int
    """Those before this one."""
    error: str
    """What the last of them raised."""
    is_counted: bool = False
    """Whether the row counts this one already."""

    @property
    def allowed(self) -> int:
        """How many attempts its handler has in all."""
        subscription = subscription_of(self.handler)
        return subscription.attempts if subscription else self.attempts + 2

    @property
    def fields(self) -> dict[str, Any]:
        """What each log line about it carries."""
        return {
            "handler": self.handler,
            "event_type": self.type,
            "event_id": self.event_id,
            "event_key": self.key,
        }


_IS_HEAD = (
    "i.seq = (SELECT earliest.seq FROM ramet_events_inbox earliest"
    ' WHERE earliest.handler = i.handler AND earliest."key" = i."key"'
    " AND earliest.state = 'ready'"
    ' ORDER BY earliest.handler, earliest."key", earliest.seq LIMIT 1)'
)


def claim(seqs: Sequence[int]) -> list[Claimed]:
    """Lock those rows that are ready, due and the head of their key; an unordered handler has no
    heads.

    A head that waits for its next attempt, or that another worker has locked, keeps the rest of its
    key back: to them it is still `ready`. Written so that PostgreSQL goes by the primary key and
    then by the index of heads, whatever its statistics say: the concatenation keeps it from taking
    the partial index for a small table of its own.
    """
    condition, parameters = sql.among("i.seq", seqs)
    turn = _IS_HEAD
    if unordered := unordered_handlers():
        is_unordered, values = sql.among("i.handler", unordered)
        turn, parameters = f"({is_unordered} OR {_IS_HEAD})", [*parameters, *values]
    found = sql.rows(
        'SELECT i.seq, i.handler, i.event_id, i.type, i."key", i.payload, i.headers, i.attempts,'
        " i.error"
        " FROM ramet_events_inbox i"
        f" WHERE {condition} AND i.state || '' = 'ready'"
        f" AND {sql.due('i.run_at', LONGEST_PAUSE)} AND {turn}{sql.skip_locked()}",
        parameters,
    )
    return [
        Claimed(
            seq=seq,
            handler=handler,
            event_id=str(sql.uuid_out(event_id)),
            type=type_name,
            key=key,
            payload=payload,
            headers=headers.loaded(carried),
            attempts=attempts,
            error=error,
        )
        for seq, handler, event_id, type_name, key, payload, carried, attempts, error in found
    ]


def finish(claimed: Claimed, state: str, error: str, attempts: int) -> None:
    """Note the end of an event, or its death."""
    sql.run(
        "UPDATE ramet_events_inbox SET state = %s, attempts = %s, error = %s,"
        f" finished_at = {sql.now()} WHERE seq = %s",
        [state, attempts, error, claimed.seq],
    )


def finish_first_time(done: Sequence[Claimed]) -> None:
    """Note that these were worked off at the first attempt."""
    if done:
        condition, values = sql.among("seq", [each.seq for each in done])
        sql.run(
            "UPDATE ramet_events_inbox SET state = 'done', attempts = 1, error = '',"
            f" finished_at = {sql.now()} WHERE {condition}",
            values,
        )
