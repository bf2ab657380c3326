"""The loop that workers run for replicas: first builds, rebuilds, and forgetting old tombstones."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass

import structlog
from django.db import InterfaceError, OperationalError, connections

from ramet.errors import DiagnosticError
from ramet.events.leases import leases
from ramet.events.surroundings import Surroundings, surroundings
from ramet.events.worker import Loop
from ramet.replicas import housekeeping, rebuilding
from ramet.replicas.declaration import Feed, feeds
from ramet.replicas.models import Build
from ramet.replicas.options import options

__all__ = ["ReplicaLoop", "loops"]

log = structlog.get_logger("ramet.replicas")

FIRST_PAUSE, LONGEST_PAUSE = 0.3, 20.0
"""Seconds between two attempts at one page: doubled each time, up to the longest, with jitter."""

STANDING_BY = 1.0
"""Seconds between two looks at a rebuild that another worker has, or that must still wait."""

FIRST_CLEANING, CLEANING = 20.0, 600.0
"""Seconds before the first, and between two removals of old tombstones."""


def loops() -> list[Loop]:
    """The loop, if this process has replicas. Raises DiagnosticError for wrong declarations."""
    found, mistakes = feeds()
    if mistakes:
        raise DiagnosticError(*mistakes)
    if not found:
        return []
    options()  # a wrong one is told at the start
    return [ReplicaLoop(found, surroundings())]


@dataclass(slots=True)
class _Work:
    """What this process knows of one replica's rebuild."""

    feed: Feed
    held: rebuilding.Claim | None = None
    due: float = 0.0


class ReplicaLoop(Loop):
    """Does the rebuilds that are running, a step of each in turn.

    Between them it rests without a database connection, and looks again when it is woken.
    """

    name = "replicas"
    topics = (rebuilding.TOPIC,)
    poll = 30.0

    def __init__(self, found: list[Feed], place: Surroundings) -> None:
        super().__init__()
        self._place = place
        self._works = {feed.label: _Work(feed) for feed in found}
        self._cleaning_due = time.monotonic() + FIRST_CLEANING

    def begin(self) -> None:
        """Start the first build of what was never built; say what was built by another code."""
        for work in self._works.values():
            rebuilding.start(work.feed, only_first=True)
        built = Build.objects.filter(pk__in=self._works, built_at__isnull=False)
        for label, fingerprint in built.values_list("replica", "built_with"):
            if fingerprint != self._works[label].feed.fingerprint:
                log.warning(
                    "replica.outdated",
                    replica=label,
                    reason="its declaration has changed since it was built",
                    remedy=f"ramet replicas rebuild {label}",
                )

    def work(self) -> float | None:
        """One step of each rebuild that is running and due."""
        self._clean()
        running = set(
            Build.objects.filter(pk__in=self._works, is_running=True).values_list("pk", flat=True)
        )
        for label, work in self._works.items():
            if label not in running and work.held is not None:
                self._let_go(work)
        if not running:
            connections.close_all()
            return None
        for label in running:
            work = self._works[label]
            if not self.stopping.is_set() and work.due <= time.monotonic():
                self._tend(work)
        return max(0.0, min(self._works[label].due for label in running) - time.monotonic())

    def end(self) -> None:
        """Hand over at once."""
        leases().release([_lease(work.feed) for work in self._works.values()])

    def _tend(self, work: _Work) -> None:
        if not self._is_fed(work.feed) or not self._has_claim(work):
            work.due = time.monotonic() + STANDING_BY
            return
        assert work.held is not None
        try:
            work.due = 0.0
            if not rebuilding.advance(work.feed, work.held):
                self._let_go(work)
        except rebuilding.LostClaim:
            log.warning("replica.rebuild_taken_over", replica=work.feed.label)
            self._let_go(work)
        except Exception as error:
            if isinstance(error, OperationalError | InterfaceError):
                raise  # the database, which the worker waits for
            failures = rebuilding.note_failure(work.feed, work.held, error)
            pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(failures - 1, 10))
            pause *= random.uniform(0.5, 1.0)  # noqa: S311
            work.due = time.monotonic() + pause
            log.warning(
                "replica.rebuild_failed",
                replica=work.feed.label,
                failures=failures,
                error=f"{type(error).__name__}: {error}",
                again_in=round(pause, 2),
            )

    def _is_fed(self, feed: Feed) -> bool:
        """Whether every event from now on will arrive here.

        A page must not be read before: a change after it would be in neither. With a broker it is
        certain once this process receives for the service, for it knows the subscription; a worker
        of former code may pass over the events until then.
        """
        if not self._place.broker_url:
            return True
        service = self._place.service_of(feed.model.__module__)
        return leases().held(f"receive/{service}") is not None

    def _has_claim(self, work: _Work) -> bool:
        """Whether this process has the rebuild; by lease, so that two do not take turns at it."""
        if leases().held(_lease(work.feed)) is None:
            work.held = None
            if not leases().take([_lease(work.feed)]):
                return False
        if work.held is None:
            work.held = rebuilding.claim(work.feed)
        return work.held is not None

    def _let_go(self, work: _Work) -> None:
        work.held = None
        leases().release([_lease(work.feed)])

    def _clean(self) -> None:
        if time.monotonic() < self._cleaning_due:
            return
        forgotten = housekeeping.forget([work.feed for work in self._works.values()])
        if forgotten < housekeeping.BATCH:
            self._cleaning_due = time.monotonic() + CLEANING
        if forgotten:
            log.info("replica.tombstones_forgotten", count=forgotten)


def _lease(feed: Feed) -> str:
    return f"replica/{feed.label}"
