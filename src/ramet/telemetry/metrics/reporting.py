"""Sends the metrics of this process to the collector, every few seconds.

Each process sends what it has counted itself; a collector adds them up. What is read from the
database is sent by workers: in a thread of its own, because a database may hang, and the exporter's
thread has traces to send.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterable

import structlog
from django.db import connections

from ramet.telemetry import buffering, exporting, log_records, resource
from ramet.telemetry.exporting import Signal
from ramet.telemetry.metrics import instruments
from ramet.telemetry.metrics.instruments import Counter, Level
from ramet.telemetry.metrics.otlp import encode_readings, encode_series
from ramet.telemetry.metrics.prometheus import own_series
from ramet.telemetry.metrics.sources import read_sources

__all__ = ["EVERY", "counted", "report_sources"]

log = structlog.get_logger("ramet.telemetry")

EVERY = 10.0
"""Seconds between two reports."""

DROPPED = Counter(
    "ramet.telemetry.dropped",
    "Telemetry that never reached the collector: payloads, or single spans and lines, and why.",
    attributes=("signal", "reason"),
)
WAITING = Level("ramet.telemetry.waiting", "Bytes of telemetry that wait for the collector.")

_due = 0.0
_told: dict[tuple[str, str], int] = {}
_thread: threading.Thread | None = None


def counted() -> Iterable[tuple[Signal, bytes]]:
    """For `exporting.feed`: what this process has counted, where it is time again."""
    global _due
    if time.monotonic() >= _due:
        _due = time.monotonic() + EVERY
        _tell_of_the_exporter()
        started = round(instruments.own_cells().started * 1e9)
        yield "metrics", encode_series(own_series(), resource.encoded(), started, time.time_ns())


def report_sources() -> None:
    """Have this process report the sources, too, from now on."""
    global _thread
    if _thread is None and exporting.is_on():
        _thread = threading.Thread(target=_report, name="metrics", daemon=True)
        _thread.start()


def _report() -> None:
    never = threading.Event()
    while True:
        try:
            readings = read_sources()
            payload = encode_readings(readings, resource.encoded(), time.time_ns())
            exporting.put("metrics", payload)
        except Exception:
            log.exception("metrics.not_reported")
        finally:
            connections.close_all()
        never.wait(EVERY)


def _tell_of_the_exporter() -> None:
    WAITING.set(exporting.waiting())
    found = dict(exporting.dropped())
    found["traces", "spans found no room"] = buffering.dropped()
    found["logs", "lines found no room"] = log_records.dropped()
    for (signal, reason), count in found.items():
        if more := count - _told.get((signal, reason), 0):
            _told[signal, reason] = count
            DROPPED.add(more, signal, reason)


def _forget() -> None:
    """In a fork, which has reported nothing."""
    global _due, _thread
    _due, _thread = 0.0, None
    _told.clear()


os.register_at_fork(after_in_child=_forget)
