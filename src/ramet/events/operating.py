"""What a person who operates the system asks of outbox and inbox: how far behind, what is dead."""

# ruff: noqa: S608  values are parameters; what is put in are expressions of ramet.events.sql

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from django.db import transaction

from ramet.events import sql, wake
from ramet.events.inbox import INBOX
from ramet.events.models import Inbox
from ramet.events.subscription import subscription_of


@dataclass(frozen=True, slots=True)
class HandlerLag:
    """How far one handler is behind."""

    handler: str
    waiting: int
    """Events that are not worked off yet, those that are tried again included."""
    oldest: float
    """Seconds since the oldest of them was received."""
    retrying: int
    dead: int
    is_known: bool
    """False: no code here subscribes under this name any more, so its events wait for ever."""


@dataclass(frozen=True, slots=True)
class Lag:
    """How far the services of one database are behind."""

    unsent: int
    oldest_unsent: float
    """Seconds since the oldest event in the outbox was published."""
    handlers: tuple[HandlerLag, ...]

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return asdict(self)


def lag() -> Lag:
    """Counts every waiting row: meant for a person or a scrape every few seconds."""
    ((unsent, oldest_unsent),) = sql.rows(
        f"SELECT count(*), {_age('min(time)')} FROM ramet_events_outbox"
    )
    oldest_ready = _age("min(CASE WHEN state = 'ready' THEN received_at END)")
    handlers = sql.rows(
        "SELECT handler, sum(CASE WHEN state = 'ready' THEN 1 ELSE 0 END),"
        f" {oldest_ready},"
        " sum(CASE WHEN state = 'ready' AND attempts > 0 THEN 1 ELSE 0 END),"
        " sum(CASE WHEN state = 'dead' THEN 1 ELSE 0 END)"
        " FROM ramet_events_inbox WHERE state <> 'done' GROUP BY handler ORDER BY handler"
    )
    return Lag(
        int(unsent),
        round(float(oldest_unsent or 0), 1),
        tuple(
            HandlerLag(
                handler,
                int(waiting),
                round(float(oldest or 0), 1),
                int(retrying),
                int(dead),
                subscription_of(handler) is not None,
            )
            for handler, waiting, oldest, retrying, dead in handlers
        ),
    )


def dead(handler: str = "", limit: int = 50) -> list[dict[str, Any]]:
    """Dead letters, the latest first; `handler` is any part of its name."""
    letters = Inbox.objects.filter(state=Inbox.State.DEAD, handler__contains=handler)
    return [
        {
            "event_id": str(each.event_id),
            "handler": each.handler,
            "type": each.type,
            "key": each.key,
            "attempts": each.attempts,
            "died_at": each.finished_at.isoformat() if each.finished_at else None,
            "error": each.error.strip().splitlines()[-1] if each.error.strip() else "",
            "payload": each.payload,
        }
        for each in letters.order_by("-finished_at", "-seq")[:limit]
    ]


def replay(*event_ids: UUID, handler: str = "") -> int:
    """Have dead letters tried again from their first attempt, in key order; returns how many.

    Only those of `event_ids` if any are given, and only those whose handler's name contains
    `handler`. What is not dead stays as it is, so a second replay does no harm. Later events of the
    same keys that have not been worked off wait until these are.
    """
    with transaction.atomic():
        letters = Inbox.objects.filter(state=Inbox.State.DEAD, handler__contains=handler)
        if event_ids:
            letters = letters.filter(event_id__in=event_ids)
        numbers = list(letters.order_by("seq").values_list("seq", flat=True))
        if not numbers:
            return 0
        condition, values = sql.among("seq", numbers)
        replayed = sql.run(
            "UPDATE ramet_events_inbox SET state = 'ready', attempts = 0, finished_at = NULL,"
            f" run_at = {sql.now()} WHERE {condition} AND state = 'dead'",
            values,
        )
        wake.wake_after_commit(INBOX)
    return replayed


def _age(time: str) -> str:
    if sql.is_postgresql():
        return f"extract(epoch FROM {sql.now()} - {time})"
    return f"(julianday('now') - julianday({time})) * 86400"
