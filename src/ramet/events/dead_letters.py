"""Dead letters: found by what is known of them, tried again, or kept for good.

A replayed letter goes back to its place: before everything of its key that has not been worked off,
behind what has been since it died. One event of a key is worked off at a time then, too.
"""

# ruff: noqa: S608  values are parameters; what is put in are expressions of ramet.events.sql

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import QuerySet

from ramet.events import headers, sql, wake
from ramet.events.keys import lock_of
from ramet.events.models import Inbox
from ramet.events.producers import FORGED
from ramet.events.storing import INBOX
from ramet.events.subscription import unordered_handlers
from ramet.telemetry import deeds
from ramet.telemetry.redaction import redact_fields, redact_text

log = structlog.get_logger("ramet.events")

_ONE_REPLAY = lock_of("ramet.events.replay")

ASIDE = 1.0
"""Seconds for which the next event of a replayed letter's key stands aside."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which dead letters; what is not given does not narrow it."""

    event_ids: tuple[UUID, ...] = ()
    handler: str = ""
    """Part of the handler's name."""
    type: str = ""
    """Part of the event's name on the wire."""
    key: str | None = None
    since: datetime | None = None
    """Died at this aware time or later."""
    until: datetime | None = None
    """Died before this aware time."""
    error: str = ""
    """Part of the text of the error."""

    @property
    def is_narrow(self) -> bool:
        """Whether it leaves anything out."""
        return self != Choice()

    @property
    def means_forged(self) -> bool:
        """Whether events that are not from their producer are meant: by their ids, or that error.

        Whoever replays all, or all of a type, means what failed, and not what another service said.
        """
        return bool(self.event_ids) or FORGED in self.error

    def letters(self, state: str = Inbox.State.DEAD) -> QuerySet[Inbox]:
        """The rows."""
        found = Inbox.objects.filter(state=state)
        if self.handler:
            found = found.filter(handler__contains=self.handler)
        if self.type:
            found = found.filter(type__contains=self.type)
        if self.error:
            found = found.filter(error__contains=self.error)
        if self.event_ids:
            found = found.filter(event_id__in=self.event_ids)
        if self.key is not None:
            found = found.filter(key=self.key)
        if self.since is not None:
            found = found.filter(finished_at__gte=self.since)
        if self.until is not None:
            found = found.filter(finished_at__lt=self.until)
        return found


def dead(
    choice: Choice, limit: int = 50, *, state: str = Inbox.State.DEAD, for_page: bool = False
) -> list[dict[str, Any]]:
    """Dead letters, or discarded ones, the latest first; `for_page` as `shown` has them."""
    letters = choice.letters(state).order_by("-finished_at", "-seq")[:limit]
    if for_page:
        return [shown(each) for each in letters]
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
        for each in letters
    ]


def retrying(limit: int = 50) -> list[dict[str, Any]]:
    """Events that have failed and will be tried again, the next ones first, as `shown`."""
    waiting = Inbox.objects.filter(state=Inbox.State.READY, attempts__gt=0)
    return [shown(each) for each in waiting.order_by("run_at", "seq")[:limit]]


def shown(row: Inbox) -> dict[str, Any]:
    """An event for one handler as a page shows it: with its trace and the whole error, and without
    what looks like a secret in the payload or the error. Times are ISO 8601 in UTC."""
    return {
        "event_id": str(row.event_id),
        "handler": row.handler,
        "type": row.type,
        "key": row.key,
        "state": row.state,
        "attempts": row.attempts,
        "occurred_at": row.time.isoformat(),
        "received_at": row.received_at.isoformat(),
        "next_at": row.run_at.isoformat() if row.state == Inbox.State.READY else None,
        "ended_at": row.finished_at.isoformat() if row.finished_at else None,
        "trace_id": headers.trace_id(row.headers),
        "error": redact_text(row.error.strip()),
        "payload": _without_secrets(row.payload),
    }


def _without_secrets(payload: str) -> Any:
    """The payload as a value; what is no JSON object, as text."""
    try:
        value = json.loads(payload)
    except ValueError:
        return redact_text(payload)
    redacted = redact_fields(None, "", {"payload": value})["payload"]
    return json.loads(redact_text(json.dumps(redacted)))


def replayable(choice: Choice) -> QuerySet[Inbox]:
    """The dead letters that `replay` takes."""
    letters = choice.letters()
    return letters if choice.means_forged else letters.exclude(error__startswith=FORGED)


def withheld(choice: Choice) -> int:
    """How many dead letters `replay` leaves alone, because they are not from their producer."""
    letters = choice.letters().filter(error__startswith=FORGED)
    return 0 if choice.means_forged else letters.count()


def replay(choice: Choice) -> int:
    """Have dead letters tried again from their first attempt, in key order; returns how many.

    What is not from its producer would then count as if it were, so the choice has to mean it.
    What is not dead stays as it is, so a second replay does no harm. Later events of the same keys
    that have not been worked off wait until these are; one that is being worked off is waited for.
    """
    with transaction.atomic():
        letters = _locked(replayable(choice))
        if not letters:
            return 0
        if sql.is_postgresql():
            _hold_back({(handler, key) for _, handler, key in letters})
        condition, values = sql.among("seq", [seq for seq, _, _ in letters])
        replayed = sql.run(
            "UPDATE ramet_events_inbox SET state = 'ready', attempts = 0, finished_at = NULL,"
            f" run_at = {sql.LONG_AGO} WHERE {condition} AND state = 'dead'",
            values,
        )
        deeds.tell("events.replayed", **_told(choice, letters))
        wake.wake_after_commit(INBOX)
    log.info("events.replayed", count=replayed)
    return replayed


def discard(choice: Choice) -> int:
    """Mark dead letters as never to be replayed; returns how many. They are kept, unlike finished
    events, and a second delivery of such an event has no effect."""
    with transaction.atomic():
        letters = _locked(choice.letters())
        if not letters:
            return 0
        condition, values = sql.among("seq", [seq for seq, _, _ in letters])
        discarded = sql.run(
            f"UPDATE ramet_events_inbox SET state = 'discarded' WHERE {condition}"
            " AND state = 'dead'",
            values,
        )
        deeds.tell("events.discarded", **_told(choice, letters))
    log.info("events.discarded", count=discarded)
    return discarded


def _told(choice: Choice, letters: list[tuple[int, str, str]]) -> dict[str, Any]:
    """How they were chosen, and how many of which handlers it was."""
    asked = {name: str(value) for name, value in asdict(choice).items() if value}
    return {"count": len(letters), "handlers": sorted({each[1] for each in letters}), **asked}


def missing(event_ids: Iterable[UUID]) -> dict[UUID, str]:
    """Those that are no dead letter of this database, each with what became of it instead."""
    wanted = list(event_ids)
    states: dict[UUID, set[str]] = {}
    for event_id, state in Inbox.objects.filter(event_id__in=wanted).values_list(
        "event_id", "state"
    ):
        states.setdefault(event_id, set()).add(state)
    return {
        each: ", ".join(sorted(states[each])) if each in states else "unknown"
        for each in wanted
        if Inbox.State.DEAD not in states.get(each, ())
    }


def _locked(letters: QuerySet[Inbox]) -> list[tuple[int, str, str]]:
    """(seq, handler, key) of the letters, for this transaction alone."""
    if sql.is_postgresql():
        sql.rows("SELECT pg_advisory_xact_lock(%s)", [_ONE_REPLAY])
    return list(letters.order_by("seq").values_list("seq", "handler", "key"))


def _hold_back(keys: set[tuple[str, str]]) -> None:
    """Wait until no event of these keys is being worked off, and let none begin before the commit.

    1. What follows the head of each key is locked, so that nobody begins it meanwhile.
    2. The head is locked: who works it off has it locked until then. If another event arrived and
       was begun in that moment, it is the head: look again.
    3. The heads are changed: a claim that began before the commit and gets the lock after it then
       reads the row again, and finds that its time has not come.
    """
    unordered = set(unordered_handlers())
    ordered = sorted(pair for pair in keys if pair[0] not in unordered)
    if not ordered:
        return
    handlers, texts = zip(*ordered, strict=True)
    held: set[int] = set()
    while True:
        found = sql.rows(_FIRST_TWO, [list(handlers), list(texts)])
        heads = {seq for seq, rank in found if rank == 1}
        if heads <= held:
            break
        for rank in (2, 1):
            numbers = sorted(seq for seq, each in found if each == rank)
            locked = sql.rows(_LOCK, [numbers])
            held |= {seq for (seq,) in locked}
    sql.run(
        f"UPDATE ramet_events_inbox SET run_at = greatest(run_at, {sql.later()})"
        " WHERE seq = ANY(%s)",
        [ASIDE, sorted(heads)],
    )


_LOCK = """
    SELECT seq FROM ramet_events_inbox WHERE seq = ANY(%s) AND state = 'ready'
    ORDER BY seq FOR UPDATE
"""

_FIRST_TWO = """
    SELECT first.seq, row_number() OVER (PARTITION BY mine.handler, mine.key ORDER BY first.seq)
    FROM unnest(%s::text[], %s::text[]) AS mine (handler, key)
    CROSS JOIN LATERAL (
        SELECT seq FROM ramet_events_inbox
        WHERE state = 'ready' AND handler = mine.handler AND key = mine.key
        ORDER BY handler, key, seq LIMIT 2
    ) AS first
"""
