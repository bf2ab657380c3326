"""The store: one SQLite file, one thread that writes it, readers in any thread."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ramet.tools.dashboard.store.answers import (
    LogRow,
    LogSearch,
    Map,
    MetricRow,
    OperationRow,
    Series,
    Trace,
    TraceRow,
    TraceSearch,
)
from ramet.tools.dashboard.store.files import connect, copy
from ramet.tools.dashboard.store.flows import read_edge, read_map
from ramet.tools.dashboard.store.limits import Kept, Limits
from ramet.tools.dashboard.store.lock import Lock
from ramet.tools.dashboard.store.metrics import read_metric, read_metrics
from ramet.tools.dashboard.store.operations import read_operations
from ramet.tools.dashboard.store.readers import Readers
from ramet.tools.dashboard.store.records import Batch
from ramet.tools.dashboard.store.searching import find_logs, find_traces, id_of, read_services
from ramet.tools.dashboard.store.signals import SIGNALS, read_signal
from ramet.tools.dashboard.store.waterfall import read_trace
from ramet.tools.dashboard.store.writer import Writer

__all__ = ["Store"]

DEFAULT = Limits()
ALL_TRACES = TraceSearch()
ALL_LOGS = LogSearch()


class Store:
    """Telemetry of a system, bounded. Every method may be called from any thread.

    A reader sees whole transactions: an item that was added is seen after at most a second, or
    after `flush()`.
    """

    def __init__(self, path: Path, limits: Limits, writer: Writer, lock: Lock) -> None:
        """For `open`."""
        self._path = path
        self._lock = lock
        self._limits = limits
        self._writer = writer
        self._readers = Readers(path)

    @classmethod
    def open(cls, path: Path, limits: Limits = DEFAULT) -> Store:
        """Open or make the file; an unreadable or older one is set aside beside it, and logged.

        Raises `DiagnosticError` where its folder cannot be written to, or another process has it.
        """
        connection, lock = connect(path)
        return cls(path, limits, Writer(connection, limits), lock)

    def add(self, batch: Batch) -> None:
        """Queue what a request brought; never waits for the disk. Raises `Full`."""
        self._writer.add(batch)

    def lose(self, signal: str, reason: str, count: int = 1) -> None:
        """Count what never became a batch, such as a request that was refused."""
        self._writer.ledger.add({(signal, reason): count})

    def flush(self, timeout: float = 10.0) -> bool:
        """Wait until everything that was added before is written; False after `timeout` seconds."""
        return self._writer.flush(timeout)

    def close(self) -> None:
        """Write what waits, and close the file. Nothing may be called after it."""
        self._readers.close()
        self._writer.close()
        self._lock.release()

    def kept(self) -> Kept:
        """What is here, since when, and what was left out.

        Every page shows it, so a file that was removed or broken meanwhile is `trouble`, no error:
        pages that need no history go on.
        """
        counts, trouble = self._writer.counts, self._writer.trouble
        span, log, point, size = None, None, (None,), 0
        try:
            size = self._path.stat().st_size
            with self._readers.reading() as connection:
                # The trace that came first is the next to go.
                span = connection.execute("SELECT first FROM traces ORDER BY id LIMIT 1").fetchone()
                log = connection.execute("SELECT time FROM logs ORDER BY id LIMIT 1").fetchone()
                point = connection.execute("SELECT min(time) FROM points").fetchone()
        except (OSError, sqlite3.Error) as error:
            trouble = str(error)
        return Kept(
            spans=counts.spans,
            traces=counts.traces,
            logs=counts.logs,
            points=counts.points,
            bytes=size,
            oldest_span=span[0] if span else None,
            oldest_log=log[0] if log else None,
            oldest_point=point[0],
            waiting=self._writer.waiting,
            limits=self._limits,
            losses=self._writer.ledger.listed(),
            trouble=trouble,
        )

    def services(self) -> list[str]:
        """Names of services that were heard of lately (`Limits.minutes`), sorted."""
        with self._readers.reading() as connection:
            return read_services(connection)

    def traces(self, search: TraceSearch = ALL_TRACES) -> list[TraceRow]:
        """Traces, the latest start first; at most 1,000."""
        with self._readers.reading() as connection:
            return find_traces(connection, search)

    def trace(self, trace_id: str, limit: int = 2_000) -> Trace | None:
        """One trace as a waterfall; None where it is not (or no longer) here, or no trace's id."""
        id = id_of(trace_id)
        if id is None:
            return None
        with self._readers.reading() as connection:
            return read_trace(connection, id, limit)

    def logs(self, search: LogSearch = ALL_LOGS) -> list[LogRow]:
        """Logs, the last arrived first; at most 1,000."""
        with self._readers.reading() as connection:
            return find_logs(connection, search)

    def logs_after(self, id: int, search: LogSearch = ALL_LOGS) -> list[LogRow]:
        """Logs that arrived after the one with this `LogRow.id`, in order of arrival."""
        with self._readers.reading() as connection:
            return find_logs(connection, search, after=id)

    def map(self, since: int, until: int) -> Map:
        """Who used what in whole minutes from `since` to `until`."""
        with self._readers.reading() as connection:
            return read_map(connection, since, until)

    def edge(
        self, source: str, target: str, since: int, until: int, limit: int = 50
    ) -> list[TraceRow]:
        """Traces that went over an edge (keys of `Node`), the latest first."""
        with self._readers.reading() as connection:
            return read_edge(connection, source, target, since, until, limit)

    def operations(self, since: int, until: int) -> list[OperationRow]:
        """What services were asked to do and did, those with the most time spent first."""
        with self._readers.reading() as connection:
            return read_operations(connection, since, until)

    def metrics(self) -> list[MetricRow]:
        """Metrics that were ingested, by name."""
        with self._readers.reading() as connection:
            return read_metrics(connection)

    def series(
        self, name: str, by: Sequence[str], since: int, until: int, step: int
    ) -> list[Series]:
        """Values of a metric or golden signal for each `step` (nanoseconds; a signal's are whole
        minutes).

        From spans: `requests` (per second), `errors` (part of the requests, 0 to 1) and `latency`
        (seconds; one series each for the quantiles 0.5, 0.95 and 0.99, labelled `quantile`), `by`
        any of `service` and `operation`. Everything else is the name of an ingested metric, `by`
        any of `service` and its attributes: gauges are averaged over a step and summed over the
        series that `by` joins, sums are rates per second, histograms are the three quantiles.
        """
        read = read_signal if name in SIGNALS else read_metric
        with self._readers.reading() as connection:
            return read(connection, name, by, since, until, step)

    def copied(self, table: str, select: str, *values: object) -> sqlite3.Connection:
        """A database in memory with the rows of a query in one table, for whoever asks much of
        them, and closes it. In the query, our tables are `kept.spans` and so on."""
        return copy(self._path, table, select, values)

    def query(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Rows of a query of one's own, which may read only. The tables are those of `schema`."""
        with self._readers.reading() as connection:
            return connection.execute(sql, values).fetchall()
