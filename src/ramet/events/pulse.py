"""The pulse of a worker: the one thread and connection that listen for notifications.

Between notifications it runs what must happen on time however busy the loops are: the renewal of
leases. One connection for both keeps the number of idle connections of a worker small.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import structlog
from django.db import connection

from ramet.events import wake
from ramet.events.failures import Failures

if TYPE_CHECKING:  # not installed where the database is SQLite
    import psycopg

log = structlog.get_logger("ramet.events")

STEP = 0.5
"""Seconds: how quickly the thread notices a stop or a duty that is due."""

_duties: list[tuple[float, Callable[[], None]]] = []


def every(seconds: float, duty: Callable[[], None]) -> None:
    """Have each worker's pulse call `duty` about every `seconds`, in autocommit. Keep it short."""
    if (seconds, duty) not in _duties:
        _duties.append((seconds, duty))


def is_pooled(session: psycopg.Connection) -> bool:
    """Whether LISTEN must not be said, because a pooler is in between; says so in the log.

    Behind a pooler that shares server connections, LISTEN stays with one of them: whoever has it
    next is told, keeps what nobody asked for, and grows. A pooler shows by the number that it gives
    the session, which is none of PostgreSQL's.
    """
    server = session.execute("SELECT pg_backend_pid()").fetchone()
    if server is not None and server[0] == session.info.backend_pid:
        return False
    log.info("events.behind_a_pooler", found="no LISTEN is possible", remedy="polling serves")
    return True


class Pulse:
    """Listens on the PostgreSQL channel and runs duties; on other databases only the duties."""

    def __init__(self) -> None:
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._due: dict[int, float] = {}
        self._failures = Failures("pulse")
        self._beat = time.monotonic()

    @property
    def silence(self) -> float:
        """Seconds since the thread last did anything."""
        return time.monotonic() - self._beat

    def start(self) -> None:
        """Start the thread; it connects by itself and again after every loss."""
        self._thread = threading.Thread(target=self._run, name="ramet-pulse", daemon=True)
        self._thread.start()

    def stop(self, timeout: float) -> None:
        """End the thread, waiting up to `timeout` seconds."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(timeout)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._listen()
            except BaseException as error:  # noqa: BLE001 - without a pulse, leases would run out
                self._failures.note(error)
                self._beat = time.monotonic()
                try:
                    connection.close()
                except Exception as lost:  # noqa: BLE001 - what cannot be closed is gone already
                    log.warning("worker.connection_not_closed", error=str(lost))
                longest = min(2.0, 0.1 * 2 ** min(self._failures.count, 8))
                self._stopping.wait(random.uniform(0.05, longest))  # noqa: S311
        connection.close()

    def _listen(self) -> None:
        connection.ensure_connection()
        if not self._can_listen():
            while not self._stopping.is_set():
                self._attend()
                self._failures.over()
                self._stopping.wait(STEP)
            return
        with connection.cursor() as cursor:
            cursor.execute(f"LISTEN {wake.CHANNEL}")
        wake.wake_all()  # whatever was notified while nobody listened
        while not self._stopping.is_set():
            self._attend()
            self._failures.over()
            for notification in connection.connection.notifies(timeout=STEP, stop_after=1):
                wake.wake(notification.payload)

    def _can_listen(self) -> bool:
        """Whether what is notified would come here, and only here."""
        return connection.vendor == "postgresql" and not is_pooled(connection.connection)

    def _attend(self) -> None:
        self._beat = time.monotonic()
        for number, (seconds, duty) in enumerate(_duties):
            now = time.monotonic()
            if now >= self._due.get(number, 0.0):
                duty()
                self._due[number] = now + seconds
