"""Rebuilding a replica from its source, page by page, while readers read and events arrive.

The pages go into a second table, which is fed by events as well from the first moment on. When the
last page is in, one transaction makes the replica equal to that table: readers see the replica as
it was before, or as it is after. Each page and its cursor commit together, so a rebuild goes on
where it was, whoever dies; a worker that was paused and whose rebuild went to another writes
nothing, for every write names the epoch that it knows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import structlog
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from ramet.calls import Refused
from ramet.calls.caller import owner_of
from ramet.calls.client import client_of
from ramet.events.wake import wake_after_commit
from ramet.failpoints import reached
from ramet.replicas import tables
from ramet.replicas.declaration import Feed
from ramet.replicas.locks import lock_replica
from ramet.replicas.models import Build, Tombstone

__all__ = [
    "TOPIC",
    "AlreadyRebuilding",
    "Claim",
    "LostClaim",
    "SourceFault",
    "advance",
    "claim",
    "export",
    "note_failure",
    "run",
    "start",
]

log = structlog.get_logger("ramet.replicas")

TOPIC = "replicas"
"""What wakes the workers' loop of replicas."""

LONGEST_ERROR = 2_000
"""Characters of an error that are kept."""


class AlreadyRebuilding(RuntimeError):
    """A rebuild of this replica is running; a second one would gain nothing."""


class LostClaim(Exception):
    """Another worker has taken the rebuild up, or it has ended: what was just tried is void."""


class SourceFault(RuntimeError):
    """The export of the source cannot be followed."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The rebuild that one worker works on; its numbers are part of every write."""

    number: int
    epoch: int


def start(feed: Feed, *, only_first: bool = False) -> int | None:
    """Start a rebuild, which workers then do; its number. Raises AlreadyRebuilding.

    With `only_first`: unless the replica was built before or is being built; then None.
    """
    with transaction.atomic():
        lock_replica(feed.label)
        build, _ = Build.objects.get_or_create(pk=feed.label)
        if only_first and (build.is_running or build.built_at is not None):
            return None
        if build.is_running:
            raise AlreadyRebuilding(
                f"{feed.label} is being rebuilt: {build.pages} pages with {build.rows} rows are in."
                " It goes on by itself; see `ramet replicas list`."
            )
        tables.empty(feed)
        Build.objects.filter(pk=feed.label).update(
            number=F("number") + 1,
            is_running=True,
            started_at=Now(),
            **_FROM_THE_BEGINNING,
        )
        wake_after_commit(TOPIC)
        reached("replica.before-start-commit")
    reached("replica.after-start-commit")
    log.info("replica.rebuild_started", replica=feed.label)
    return build.number + 1


def claim(feed: Feed) -> Claim | None:
    """Take up the rebuild that is running; None when none is. Whoever had it has lost it."""
    with transaction.atomic():
        running = Build.objects.select_for_update().filter(pk=feed.label, is_running=True)
        build = running.first()
        if build is None:
            return None
        Build.objects.filter(pk=feed.label).update(epoch=F("epoch") + 1)
    return Claim(build.number, build.epoch + 1)


def advance(feed: Feed, held: Claim) -> bool:
    """Do the next step, a page or the swap; whether there is more to do.

    Raises LostClaim; what the export raises; SourceFault; ValueError or a DatabaseError for rows
    that cannot be stored. After any of them the rebuild is where it was.
    """
    build = _mine(feed, held).first()
    if build is None:
        raise LostClaim(feed.label)
    if build.is_exported:
        _swap(feed, held)
        return False
    rows, cursor = export(feed, build.cursor)
    reached("replica.exported")
    stored = _newest(feed, rows)
    with transaction.atomic():
        # 1. No event is fed meanwhile, so what the tombstones say holds until the commit.
        lock_replica(feed.label)
        # 2. The page that follows is the one that was asked for.
        if not _mine(feed, held).select_for_update().filter(cursor=build.cursor).exists():
            raise LostClaim(feed.label)
        if _is_overtaken(feed, held, stored):
            return True
        alive = _not_deleted_since(feed, held, stored)
        tables.upsert(feed, feed.rebuild, list(alive.values()))
        Build.objects.filter(pk=feed.label).update(
            cursor=cursor,
            is_exported=not cursor,
            pages=F("pages") + 1,
            rows=F("rows") + len(rows),
            failures=0,
            error="",
        )
        reached("replica.before-page-commit")
    reached("replica.after-page-commit")
    return True


def export(feed: Feed, cursor: str) -> tuple[list[Any], str]:
    """One page of the source, and the cursor of the next: "" after the last.

    Raises RemoteError as every call, and SourceFault.
    """
    caller = owner_of(feed.model.__module__)
    page = getattr(client_of(feed.contract, caller), feed.operation)(cursor=cursor)
    if page.next_cursor and page.next_cursor == cursor:
        raise SourceFault(
            f"{feed.export} gives {cursor!r} as the cursor of the page after {cursor!r}"
        )
    return list(page.rows), page.next_cursor


def note_failure(feed: Feed, held: Claim, error: BaseException) -> int:
    """Write down why a step failed; how many did in a row.

    A source that refuses its own cursor, after a deployment, is asked for everything anew.
    """
    told = f"{type(error).__name__}: {error}".replace("\0", "")[:LONGEST_ERROR]
    told = told.encode(errors="replace").decode()  # half a surrogate pair cannot be stored either
    with transaction.atomic():
        lock_replica(feed.label)
        build = _mine(feed, held).select_for_update().first()
        if build is None:
            raise LostClaim(feed.label)
        changes: dict[str, Any] = {}
        if isinstance(error, Refused) and build.cursor:
            tables.empty(feed)
            changes = _FROM_THE_BEGINNING
            log.warning("replica.rebuild_from_the_beginning", replica=feed.label, error=told)
        failures: int = build.failures + 1
        _mine(feed, held).update(**{**changes, "failures": failures, "error": told})
    return failures


def run(feed: Feed) -> dict[str, Any]:
    """Rebuild in this thread, from start to swap; for tests and tools. Raises as `advance` does."""
    start(feed)
    held = claim(feed)
    assert held is not None
    while advance(feed, held):
        pass
    build = Build.objects.get(pk=feed.label)
    return {"pages": build.pages, "rows": build.rows}


_FROM_THE_BEGINNING: dict[str, Any] = {
    "cursor": "",
    "is_exported": False,
    "pages": 0,
    "rows": 0,
    "failures": 0,
    "error": "",
}


def _mine(feed: Feed, held: Claim) -> Any:
    return Build.objects.filter(
        pk=feed.label, is_running=True, number=held.number, epoch=held.epoch
    )


def _swap(feed: Feed, held: Claim) -> None:
    """Make the replica what the rebuild has; readers see all of it, or nothing yet."""
    with transaction.atomic():
        # Events wait here until the commit, and are then fed into the replica that is.
        lock_replica(feed.label)
        if not _mine(feed, held).select_for_update().filter(is_exported=True).exists():
            raise LostClaim(feed.label)
        counts = tables.merge(feed, held.number)
        tables.empty(feed)
        Build.objects.filter(pk=feed.label).update(
            is_running=False,
            built_at=Now(),
            built_with=feed.fingerprint,
            cursor="",
            failures=0,
            error="",
        )
        reached("replica.before-swap-commit")
    reached("replica.after-swap-commit")
    log.info("replica.rebuilt", replica=feed.label, **counts)


def _newest(feed: Feed, rows: list[Any]) -> dict[str, list[Any]]:
    """The rows of a page as they are stored, by key; of one that is there twice, the newer."""
    stored: dict[str, list[Any]] = {}
    for each in rows:
        key, row = feed.key_text(each), feed.row(each)
        if key not in stored or stored[key][-1] < row[-1]:
            stored[key] = row
    return stored


def _is_overtaken(feed: Feed, held: Claim, stored: dict[str, list[Any]]) -> bool:
    """Whether the page must be read again, for an event that it may not know was dropped.

    The event is older than a delete that the source, which has the row, knows nothing of any more.
    """
    dropped = Tombstone.objects.filter(
        replica=feed.label, number=-held.number, key__in=list(stored)
    )
    return bool(dropped.update(number=0))


def _not_deleted_since(
    feed: Feed, held: Claim, stored: dict[str, list[Any]]
) -> dict[str, list[Any]]:
    """Without the rows whose delete has arrived since the rebuild started.

    An older delete does not count: the source has the row, so it has made it anew.
    """
    deleted = dict(
        Tombstone.objects.filter(
            replica=feed.label, number=held.number, key__in=list(stored)
        ).values_list("key", "version")
    )
    return {key: row for key, row in stored.items() if deleted.get(key, row[-1] - 1) < row[-1]}
