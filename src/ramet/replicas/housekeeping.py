"""Forgets deletes of long ago, so that the table of tombstones does not grow for ever."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.db.models.functions import Now

from ramet.events.models import Inbox
from ramet.replicas.declaration import Feed
from ramet.replicas.models import Tombstone
from ramet.replicas.options import options

__all__ = ["BATCH", "forget"]

BATCH = 1_000
"""Rows of one removal."""


def forget(found: Sequence[Feed]) -> int:
    """Delete up to BATCH tombstones older than `keep_tombstones` days; how many that was.

    Those of a replica stay while it has dead letters: one that is replayed could bring a row back.
    """
    free = [
        feed.label
        for feed in found
        if not Inbox.objects.filter(handler__in=feed.handlers, state=Inbox.State.DEAD).exists()
    ]
    limit = Now() - timedelta(days=options().keep_tombstones)
    old = Tombstone.objects.filter(replica__in=free, at__lt=limit).order_by("at")
    numbers = list(old.values_list("pk", flat=True)[:BATCH])
    return Tombstone.objects.filter(pk__in=numbers).delete()[0] if numbers else 0
