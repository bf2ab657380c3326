"""The loop that workers run for sagas: claims due runs and hands each to a lane."""

from __future__ import annotations

import threading
from uuid import UUID

import structlog
from django.db import connections

from ramet.events import pulse
from ramet.events.surroundings import surroundings
from ramet.events.wake import wake
from ramet.events.worker import Loop
from ramet.sagas import claims, counting, registry
from ramet.sagas.engine import work
from ramet.sagas.housekeeping import Housekeeping
from ramet.sagas.lanes import Lanes
from ramet.sagas.options import options
from ramet.sagas.starting import TOPIC
from ramet.sagas.waiting import wake_replied

__all__ = ["SagaLoop", "loops"]

log = structlog.get_logger("ramet.sagas")

LANES = 4
"""Runs that one worker works on at the same time."""

DRAIN = 9.0
"""Seconds for which a stopping worker waits for the steps that it has begun."""

_SOONEST = 0.02
"""Seconds: the shortest wait for a run that is due but that another worker is just taking."""

_running: set[SagaLoop] = set()


def loops() -> list[Loop]:
    """The loop, if a saga is defined in this process, or runs are left of one that was.

    Those are told of, and forgotten once they have ended long ago.
    """
    if not registry.definitions() and not counting.has_runs():
        return []
    options()  # a wrong one is told at the start, not at the first housekeeping
    pulse.every(claims.LEASE / 3, _renew)
    return [SagaLoop(surroundings().instance)]


class SagaLoop(Loop):
    """Claims runs as long as a lane is free; a lane keeps its run until it ends or waits."""

    name = "sagas"
    topics = (TOPIC,)
    poll = 2.0

    def __init__(self, holder: str, lanes: int = LANES) -> None:
        """`holder` is the name of this process, the same again after a restart."""
        super().__init__()
        self._holder = holder
        self._lanes = Lanes(lanes)
        self._housekeeping = Housekeeping()
        self._lock = threading.Lock()
        self._held: set[tuple[UUID, int]] = set()
        self._abandoned: set[tuple[UUID, int]] = set()

    def begin(self) -> None:
        """Take back at once what a process of this name held when it was killed."""
        if count := claims.release_all(self._holder):
            log.info("sagas.resumed", runs=count, holder=self._holder)
        wake_replied()
        counting.tell_of_missing_code()
        _running.add(self)

    def work(self) -> float | None:
        """Hand out what is due; the seconds until more is."""
        self._release_abandoned()
        self._housekeeping.tend()
        while self._lanes.are_free and not self.stopping.is_set():
            held = claims.claim(self._holder)
            if held is None:
                due = claims.until_next()
                return None if due is None else max(due, _SOONEST)
            token = (held.id, held.epoch)
            with self._lock:
                self._held.add(token)
            try:
                self._lanes.submit(lambda held=held: self._work_on(held))  # type: ignore[misc]
            except RuntimeError:  # no thread to be had: the lease must not be renewed for ever
                self._let_go(token, abandoned=True)
                raise
        return None  # a lane that becomes free wakes the loop

    def end(self) -> None:
        """Wait for the steps in hand; each run is let go after its step."""
        if not self._lanes.wait(DRAIN):
            log.warning("sagas.not_drained", seconds=DRAIN)
        self._release_abandoned()
        _running.discard(self)

    def renew(self) -> None:
        """Prolong the leases of what the lanes work on."""
        with self._lock:
            held = tuple(self._held)
        claims.renew(self._holder, held)

    def _work_on(self, held: claims.Claim) -> None:
        token = (held.id, held.epoch)
        abandoned = False
        try:
            work(held, keep=lambda: not self.stopping.is_set())
        except claims.LostClaim as lost:
            # Taken over, or a commit whose answer was lost: then the row is still ours.
            abandoned = True
            log.warning("sagas.claim_lost", run=str(lost))
        except BaseException as error:  # the lane goes on
            abandoned = True
            log.warning("sagas.not_written", saga=held.name, saga_id=str(held.id), exc_info=error)
            connections.close_all()
        finally:
            self._let_go(token, abandoned=abandoned)
            wake(TOPIC)

    def _let_go(self, token: tuple[UUID, int], *, abandoned: bool) -> None:
        with self._lock:
            self._held.discard(token)
            if abandoned:
                self._abandoned.add(token)

    def _release_abandoned(self) -> None:
        with self._lock:
            abandoned = tuple(self._abandoned)
        if abandoned:
            claims.release(self._holder, abandoned)
            with self._lock:
                self._abandoned.difference_update(abandoned)


def _renew() -> None:
    for loop in tuple(_running):
        loop.renew()
