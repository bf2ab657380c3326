"""The one thread that writes. What it cannot write is counted, and it goes on."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import replace

from ramet.tools.dashboard.store.dropping import Counts, drop_minutes, drop_oldest, drop_unused
from ramet.tools.dashboard.store.limits import Full, Limits
from ramet.tools.dashboard.store.losses import Ledger
from ramet.tools.dashboard.store.minutes import MINUTE
from ramet.tools.dashboard.store.records import Batch
from ramet.tools.dashboard.store.rows import Rows

__all__ = ["Writer"]

TOGETHER = 5_000
"""Items of one transaction, about; a single batch may be larger."""

_log = logging.getLogger("ramet.dashboard")


class Writer:
    """A bounded queue before a connection that nothing else uses."""

    def __init__(self, connection: sqlite3.Connection, limits: Limits) -> None:
        self.ledger = Ledger(connection)
        self.trouble: str | None = None
        """Why the last transaction failed; None where it did not."""
        self._connection = connection
        self._limits = limits
        drop_unused(connection)
        self.counts = Counts.of(connection)
        self._rows = Rows(connection)
        self._minute = 0
        self._changed = threading.Condition()
        self._queue: deque[Batch] = deque()
        self._items = 0
        self._bytes = 0
        self._added = 0
        self._done = 0
        self._ending = False
        self._thread = threading.Thread(target=self._run, name="telemetry-writer", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Items that were accepted and are not yet written."""
        return self._items

    def add(self, batch: Batch) -> None:
        """Queue a batch. Raises `Full`; where nothing else waits it is taken, however large."""
        with self._changed:
            items, size = self._items + len(batch), self._bytes + batch.size
            if self._items and (items > self._limits.waiting or size > self._limits.waiting_bytes):
                raise Full
            self._items, self._bytes = items, size
            self._queue.append(batch)
            self._added += 1
            self._changed.notify_all()
        self.ledger.add(batch.losses)

    def flush(self, timeout: float) -> bool:
        """Whether everything that was added before was written (or lost) within the time."""
        with self._changed:
            mine = self._added
            return self._changed.wait_for(lambda: self._done >= mine, timeout)

    def close(self) -> None:
        """Write what waits, then close the connection."""
        with self._changed:
            self._ending = True
            self._changed.notify_all()
        self._thread.join()
        self._connection.close()

    def _run(self) -> None:
        while batches := self._next():
            self._write(batches)
            with self._changed:
                self._items -= sum(map(len, batches))
                self._bytes -= sum(batch.size for batch in batches)
                self._done += len(batches)
                self._changed.notify_all()
        self._write([])  # losses that were counted since

    def _next(self) -> list[Batch]:
        """Batches for one transaction; empty at the end. They count as waiting until written."""
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._ending)
            found: list[Batch] = []
            items = 0
            while self._queue and items < TOGETHER:
                found.append(self._queue.popleft())
                items += len(found[-1])
            return found

    def _write(self, batches: Sequence[Batch]) -> None:
        before = replace(self.counts)
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            dropped = self._fill(batches)
            saved = self.ledger.save(self._connection)
            self._connection.execute("COMMIT")
        # Whatever it was, it must not end this thread: the next batch may be better.
        except Exception as error:  # noqa: BLE001
            self.counts = before
            self._rows.forget()
            self._roll_back()
            self._give_up(batches, error)
        else:
            self.ledger.saved(saved)
            self.ledger.add({(signal, "oldest-dropped"): n for signal, n in dropped.items()})
            self.trouble = None

    def _roll_back(self) -> None:
        try:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        except (
            sqlite3.Error
        ) as error:  # the next transaction cannot begin then, and comes here again
            _log.warning("Telemetry cannot be rolled back: %s.", error)

    def _fill(self, batches: Sequence[Batch]) -> Counter[str]:
        """Write everything within one transaction; how many items of each signal were dropped."""
        spans = [span for batch in batches for span in batch.spans]
        logs = [log for batch in batches for log in batch.logs]
        points = [point for batch in batches for point in batch.points]
        if spans:
            new, traces = self._rows.add_spans(spans)
            self.counts.spans += new
            self.counts.traces += traces
        if logs:
            self._rows.add_logs(logs)
            self.counts.logs += len(logs)
        if points:
            self.counts.points += self._rows.add_points(points)
        minute = time.time_ns() // MINUTE
        heard = {item.service for items in (spans, logs) for item in items}
        heard.update(point.series.service for point in points)
        unlisted = self._rows.add_services(heard, minute)
        self.ledger.add(
            {
                reason: number
                for reason, number in (
                    (("traces", "services-not-listed"), unlisted),
                    (("traces", "names-beyond-limit"), self._rows.taken_beyond()),
                )
                if number
            }
        )
        return self._drop(minute)

    def _drop(self, minute: int) -> Counter[str]:
        dropped = drop_oldest(self._connection, self._limits, self.counts)
        if minute > self._minute:
            self._minute = minute
            drop_minutes(self._connection, minute - self._limits.minutes)
        if self._rows.is_crowded:
            drop_unused(self._connection)
            self._rows.forget()
        return dropped

    def _give_up(self, batches: Sequence[Batch], error: Exception) -> None:
        """Count what could not be written, unless each batch by itself may still be."""
        if isinstance(error, sqlite3.OperationalError):  # not about what is in the batches
            full = error.sqlite_errorcode == sqlite3.SQLITE_FULL
            reason = "disk-full" if full else "not-writable"
            if self.trouble is None:
                _log.warning("Telemetry cannot be written: %s. What comes is lost.", error)
            self.trouble = str(error)
        elif len(batches) > 1:
            for batch in batches:
                self._write([batch])
            return
        else:
            reason = "not-storable"
            _log.error("The database refused telemetry.", exc_info=error)
        lost = Counter[tuple[str, str]]()
        for batch in batches:
            lost["traces", reason] += len(batch.spans)
            lost["logs", reason] += len(batch.logs)
            lost["metrics", reason] += len(batch.points)
        self.ledger.add(+lost)
