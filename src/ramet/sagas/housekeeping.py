"""Forgets runs that ended long ago, so that the tables of sagas do not grow for ever.

It also wakes the runs whose replies other code could only keep.
"""

from __future__ import annotations

import time
from datetime import timedelta

import structlog
from django.db import transaction
from django.db.models.functions import Now

from ramet.sagas.counting import tell_of_missing_code
from ramet.sagas.models import SagaRun
from ramet.sagas.options import options
from ramet.sagas.waiting import wake_replied

__all__ = ["Housekeeping", "forget"]

log = structlog.get_logger("ramet.sagas")

BATCH = 200
"""Runs of one transaction: a few milliseconds, for which nothing is claimed by this worker."""

FIRST, BETWEEN, EVERY = 20.0, 1.0, 600.0
"""Seconds after the start, between two batches when there are more, and between two rounds. The
first comes soon, because a worker may never live for long."""


class Housekeeping:
    """When the next batch is due. Part of the loop of sagas: it needs no connection of its own."""

    def __init__(self) -> None:
        self.due = time.monotonic() + FIRST

    def tend(self) -> int:
        """Forget one batch if that is due; how many runs it was.

        After the last batch, wake what was replied to by other code, and tell of missing code.
        """
        if time.monotonic() < self.due:
            return 0
        self.due = time.monotonic() + EVERY  # first: a failure must not come at every round
        forgotten = forget()
        if forgotten == BATCH:
            self.due = time.monotonic() + BETWEEN
        else:
            wake_replied()
            tell_of_missing_code()
        if forgotten:
            log.info("sagas.forgotten", runs=forgotten)
        return forgotten


def forget() -> int:
    """Delete up to BATCH runs, oldest first, that ended more than `keep_ended` days ago.

    By the database's clock, and with their journals. Stuck runs have not ended.
    """
    limit = Now() - timedelta(days=options().keep_ended)
    with transaction.atomic():
        # Locked and skipped when locked, so that two workers do not wait for each other.
        old = SagaRun.objects.select_for_update(skip_locked=True).filter(finished_at__lt=limit)
        ids = list(old.order_by("finished_at").values_list("pk", flat=True)[:BATCH])
        if ids:
            SagaRun.objects.filter(pk__in=ids).delete()
    return len(ids)
