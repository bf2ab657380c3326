"""A few threads that exist only while there is work, each with its own database connection."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

import structlog
from django.db import connections

from ramet.telemetry.metrics import saturation

__all__ = ["Lanes"]

log = structlog.get_logger("ramet.sagas")

LINGER = 10.0
"""Seconds for which a thread without work keeps itself and its connection."""


class Lanes:
    """At most `limit` jobs at a time; a slow job holds up no other one while a lane is free."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._changed = threading.Condition()
        self._jobs: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._busy = 0
        self._threads = 0
        saturation.MOST.set(limit, "sagas")

    @property
    def are_free(self) -> bool:
        """Whether one more job would begin at once."""
        with self._changed:
            return self._busy < self._limit

    def submit(self, job: Callable[[], None]) -> None:
        """Begin `job` in a thread that is free or new; what it raises is logged.

        RuntimeError when the system gives no thread; the job is then not begun.
        """
        with self._changed:
            if self._busy == self._threads:
                threading.Thread(target=self._lane, name="ramet-saga", daemon=True).start()
                self._threads += 1
            self._busy += 1
            saturation.BUSY.add(1, "sagas")
        self._jobs.put(job)

    def wait(self, timeout: float) -> bool:
        """Wait until no job is left; whether that happened within `timeout` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: self._busy == 0, timeout)

    def _lane(self) -> None:
        while True:
            try:
                job = self._jobs.get(timeout=LINGER)
            except queue.Empty:
                with self._changed:
                    # Only a thread more than there are jobs may go: one may be on its way to us.
                    if self._busy < self._threads:
                        self._threads -= 1
                        break
                continue
            try:
                job()
            except BaseException as error:  # SystemExit would end a lane that is counted
                log.error("sagas.lane_failed", exc_info=error)
            finally:
                with self._changed:
                    self._busy -= 1
                    saturation.BUSY.add(-1, "sagas")
                    self._changed.notify_all()
        connections.close_all()
