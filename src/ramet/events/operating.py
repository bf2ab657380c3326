"""How far behind outbox and inbox are, for a person and for whoever measures."""

# ruff: noqa: S608  values are parameters; what is put in are expressions of ramet.events.sql

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from ramet.events import sql
from ramet.events.subscription import subscription_of


@dataclass(frozen=True, slots=True)
class HandlerLag:
    """How far one handler is behind."""

    handler: str
    waiting: int
    """Events that are not worked off yet, those that are tried again or held included."""
    oldest: float
    """Seconds since the oldest of them was received."""
    retrying: int
    held: int
    """Events of a version that the code here does not know; they wait for code that does."""
    held_types: tuple[str, ...]
    """Of which types those are."""
    dead: int
    is_known: bool
    """False: no code here subscribes under this name any more, so its events wait for ever."""


@dataclass(frozen=True, slots=True)
class Lag:
    """How far the services of one database are behind."""

    unsent: int
    oldest_unsent: float
    """Seconds since the oldest event in the outbox was published, or should have been."""
    scheduled: int
    """Events whose time has not come: they are no lag."""
    next_scheduled: float | None
    """Seconds until the first of them is due; None when there is none."""
    handlers: tuple[HandlerLag, ...]

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return asdict(self)


def lag() -> Lag:
    """Counts every waiting row: meant for a person or a scrape every few seconds.

    What was worked off long ago costs nothing: indexes have only what waits and what is dead.
    """
    unsent, oldest_unsent, scheduled, next_scheduled = _to_be_sent()
    waiting: dict[str, list[HandlerLag]] = {}
    for name, type_name, count, oldest, retrying in sql.rows(
        f"SELECT handler, type, count(*), {sql.age('min(received_at)')},"
        " sum(CASE WHEN attempts > 0 THEN 1 ELSE 0 END)"
        " FROM ramet_events_inbox WHERE state = 'ready' GROUP BY handler, type ORDER BY type"
    ):
        subscription = subscription_of(name)
        is_held = subscription is not None and type_name not in subscription.settles
        waiting.setdefault(name, []).append(
            HandlerLag(
                handler=name,
                waiting=int(count),
                oldest=_seconds(oldest),
                retrying=int(retrying),
                held=int(count) if is_held else 0,
                held_types=(type_name,) if is_held else (),
                dead=0,
                is_known=subscription is not None,
            )
        )
    dead = {
        str(name): int(count)
        for name, count in sql.rows(
            "SELECT handler, count(*) FROM ramet_events_inbox WHERE state = 'dead' GROUP BY handler"
        )
    }
    return Lag(
        unsent=unsent,
        oldest_unsent=oldest_unsent,
        scheduled=scheduled,
        next_scheduled=next_scheduled,
        handlers=tuple(
            _together(name, waiting.get(name, []), dead.get(name, 0))
            for name in sorted({*waiting, *dead})
        ),
    )


def _to_be_sent() -> tuple[int, float, int, float | None]:
    """What is due without having been published yet counts as unsent, too."""
    ((unsent, oldest),) = sql.rows(
        f"SELECT count(*), {sql.age('min(time)')} FROM ramet_events_outbox"
    )
    ((overdue, latest),) = sql.rows(
        f"SELECT count(*), {sql.age('min(due)')} FROM ramet_events_scheduled"
        f" WHERE due <= {sql.now()}"
    )
    ((scheduled, following),) = sql.rows(
        f"SELECT count(*), {sql.age('min(due)')} FROM ramet_events_scheduled"
        f" WHERE due > {sql.now()}"
    )
    return (
        int(unsent) + int(overdue),
        max(_seconds(oldest), _seconds(latest)),
        int(scheduled),
        None if following is None else round(-float(following), 1),
    )


def _together(name: str, parts: list[HandlerLag], dead: int) -> HandlerLag:
    return HandlerLag(
        handler=name,
        waiting=sum(each.waiting for each in parts),
        oldest=max((each.oldest for each in parts), default=0.0),
        retrying=sum(each.retrying for each in parts),
        held=sum(each.held for each in parts),
        held_types=tuple(name for each in parts for name in each.held_types),
        dead=dead,
        is_known=subscription_of(name) is not None,
    )


def _seconds(found: Any) -> float:
    return round(float(found or 0), 1)
