"""The store: one SQLite file, one thread that writes it, readers in any thread."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

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
from ramet.tools.dashboard.store.limits import Kept, Limits
from ramet.tools.dashboard.store.records import Batch

__all__ = ["Store"]

DEFAULT = Limits()
ALL_TRACES = TraceSearch()
ALL_LOGS = LogSearch()


class Store:
    """Telemetry of a system, bounded. Every method may be called from any thread.

    A reader sees whole transactions: an item that was added is seen after at most a second, or
    after `flush()`.
    """

    @classmethod
    def open(cls, path: Path, limits: Limits = DEFAULT) -> Store:
        """Open or make the file; an unreadable or older one is set aside beside it, and logged.

        Raises `DiagnosticError` where its folder cannot be written to.
        """
        raise NotImplementedError

    def add(self, batch: Batch) -> None:
        """Queue what a request brought; never waits for the disk. Raises `Full`."""
        raise NotImplementedError

    def spans_waiting(self) -> int:
        """How many items were accepted and are not yet written."""
        raise NotImplementedError

    def flush(self, timeout: float = 10.0) -> bool:
        """Wait until everything that was added before is written; False after `timeout` seconds."""
        raise NotImplementedError

    def close(self) -> None:
        """Write what waits, and close the file. Nothing may be called after it."""
        raise NotImplementedError

    def kept(self) -> Kept:
        """What is here, since when, and what was left out."""
        raise NotImplementedError

    def services(self) -> list[str]:
        """Names of services with a span or a log, sorted."""
        raise NotImplementedError

    def traces(self, search: TraceSearch = ALL_TRACES) -> list[TraceRow]:
        """Traces, the latest start first."""
        raise NotImplementedError

    def traces_after(self, id: int, search: TraceSearch = ALL_TRACES) -> list[TraceRow]:
        """Traces that first arrived after the one with this `TraceRow.id`, in order of arrival."""
        raise NotImplementedError

    def trace(self, trace_id: str, limit: int = 2_000) -> Trace | None:
        """One trace as a waterfall; None where it is not (or no longer) here, or no trace's id."""
        raise NotImplementedError

    def logs(self, search: LogSearch = ALL_LOGS) -> list[LogRow]:
        """Logs, the last arrived first."""
        raise NotImplementedError

    def logs_after(self, id: int, search: LogSearch = ALL_LOGS) -> list[LogRow]:
        """Logs that arrived after the one with this `LogRow.id`, in order of arrival."""
        raise NotImplementedError

    def map(self, since: int, until: int) -> Map:
        """Who used what in whole minutes from `since` to `until`."""
        raise NotImplementedError

    def edge(
        self, source: str, target: str, since: int, until: int, limit: int = 50
    ) -> list[TraceRow]:
        """Traces that went over an edge (keys of `Node`), the latest first."""
        raise NotImplementedError

    def operations(self, since: int, until: int) -> list[OperationRow]:
        """What services were asked to do and did, those with the most time spent first."""
        raise NotImplementedError

    def metrics(self) -> list[MetricRow]:
        """Metrics that were ingested, by name."""
        raise NotImplementedError

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
        raise NotImplementedError
