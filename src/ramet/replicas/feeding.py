"""One event into a replica: what every subscription of a replica does, in the inbox's transaction.

While a rebuild runs, the event goes into its table too. So the rebuild has nothing to catch up
with: at the swap, its table holds what was exported and everything that has been fed since.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import structlog
from django.db.models import F
from django.db.models.functions import Greatest, Now

from ramet.events.subscription import subscribe
from ramet.failpoints import reached
from ramet.replicas import tables
from ramet.replicas.declaration import Feed
from ramet.replicas.locks import lock_key
from ramet.replicas.models import Build, Tombstone

__all__ = ["receive", "subscribe_to_events"]

log = structlog.get_logger("ramet.replicas")


def subscribe_to_events(feed: Feed) -> None:
    """Have the inbox hand over every event that the declaration names."""
    for event in (*feed.upserts, *feed.deletes):
        handler = _handler(feed)
        # Whose service it is follows from the module, and checks print the name.
        handler.__module__ = feed.model.__module__
        handler.__qualname__ = f"{feed.model.__qualname__}.receive"
        subscribe(event, attempts=feed.attempts, name=feed.handler(event))(handler)


def receive(feed: Feed, event: object) -> None:
    """Feed one event, in the caller's transaction.

    An event that is not newer than the row, or than the delete of its key, changes nothing.
    """
    if type(event) not in (*feed.upserts, *feed.deletes):
        raise TypeError(f"{type(event).__qualname__} does not feed {feed.label}")
    key = feed.key_text(event)
    # 1. Nobody else writes this key, and no rebuild takes a step, until this transaction ends.
    lock_key(feed.label, key)
    # 2. Only now is it read what the replica knows.
    build = Build.objects.filter(pk=feed.label, is_running=True).first()
    number = 0 if build is None else build.number
    if type(event) in feed.deletes:
        _delete(feed, event, key, number)
    else:
        _upsert(feed, event, key, number)
    reached("replica.fed")


def _upsert(feed: Feed, event: object, key: str, number: int) -> None:
    row = feed.row(event)
    gone = Tombstone.objects.filter(replica=feed.label, key=key)
    newer = gone.filter(version__gte=row[-1]).first()
    if newer is not None:
        log.info("replica.stale_dropped", replica=feed.label, key=key, version=row[-1])
        if number and newer.number != number:
            _upsert_if_it_is_back(feed, row, newer, number)
        return
    tables.upsert(feed, feed.model, [row])
    if number:
        tables.upsert(feed, feed.rebuild, [row])
    gone.delete()


def _upsert_if_it_is_back(feed: Feed, row: list[Any], newer: Tombstone, number: int) -> None:
    """Feed a rebuild with an event that a delete from before its start has overtaken.

    Whether the event is late, or the source has gone back to before that delete, the export tells.
    """
    if tables.has(feed, feed.rebuild, row[0]):
        tables.upsert(feed, feed.rebuild, [row])
    else:  # a page with the row may have been read, and be stored after this
        Tombstone.objects.filter(pk=newer.pk).update(number=-number)


def _delete(feed: Feed, event: object, key: str, number: int) -> None:
    version, stored = feed.version_of(event), feed.key.stored(event)
    lives_on = tables.delete(feed, feed.model, stored, version)
    if number:
        tables.delete(feed, feed.rebuild, stored, version)
    if lives_on:
        log.info("replica.stale_dropped", replica=feed.label, key=key, version=version)
        if not number:
            return
        # The source may have gone back: a page that was read before must not bring the row in.
    changed = Tombstone.objects.filter(replica=feed.label, key=key).update(
        version=Greatest(F("version"), version), number=number, at=Now()
    )
    if not changed:
        Tombstone.objects.create(replica=feed.label, key=key, version=version, number=number)


def _handler(feed: Feed) -> Callable[[Any], None]:
    def handler(event: Any) -> None:
        receive(feed, event)

    return handler
