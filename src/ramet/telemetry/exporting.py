"""Brings telemetry to an OTLP collector, in a thread of its own: no request waits or fails for it.

What cannot be delivered waits in a bounded queue, the oldest is dropped when that is full, and both
are counted. The thread starts with the first thing to export, so a process that forks before has
none to lose (https://opentelemetry.io/docs/specs/otlp/#otlphttp).
"""

from __future__ import annotations

import atexit
import os
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Literal

import structlog

from ramet.telemetry.options import options
from ramet.telemetry.sending import Connection, Outcome

__all__ = ["Signal", "drop", "dropped", "feed", "flush", "is_on", "put", "waiting", "wake"]

log = structlog.get_logger("ramet.telemetry")

Signal = Literal["traces", "logs", "metrics"]
Source = Callable[[], Iterable[tuple[Signal, bytes]]]

LARGEST_QUEUE = 16 * 1024 * 1024
"""Bytes that wait for a collector, at most."""
LARGEST_PAYLOAD = 1024 * 1024
"""Bytes from which on sources begin another payload: one is sent, or dropped, as a whole."""
EVERY = 1.0
"""Seconds between two looks for what is new: as soon as Envoy tells its part, and no sooner: each
look costs a process a millisecond or two."""
SHORTEST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
"""Seconds after a failure until the next attempt, doubled with each further failure."""


def put(signal: Signal, payload: bytes) -> None:
    """Have an encoded `Export*ServiceRequest` sent. Never blocks, never raises."""
    if is_on():
        _exporter.put(signal, payload)
        _exporter.start()


def feed(source: Source) -> None:
    """Have the exporter's thread call `source` before each sending, for what shall be sent.

    So a request only leaves its spans somewhere, and encoding them is not its work. What a source
    raises is logged once, and the others are asked all the same.
    """
    if source not in _sources:
        _sources.append(source)


def wake() -> None:
    """Tell that a source has something. Cheap; starts the thread when there is none."""
    _exporter.start()


def is_on() -> bool:
    """Whether telemetry goes anywhere from this process."""
    return options().url is not None


def flush(seconds: float) -> bool:
    """Wait until all is sent, for a process that ends; False if it was not in this time."""
    return _exporter.flush(seconds)


def drop(signal: Signal, what: object, error: Exception) -> None:
    """Count one span or line that cannot be encoded; the first one is told in the log."""
    reason = "not encodable"
    if not _exporter.dropped[signal, reason]:
        log.warning("telemetry.not_encodable", signal=signal, what=str(what), error=repr(error))
    _exporter.dropped[signal, reason] += 1


def dropped() -> dict[tuple[str, str], int]:
    """How many were dropped since the start of this process, by signal and reason: payloads ("queue
    full", "refused"), and single spans and lines ("not encodable")."""
    return dict(_exporter.dropped)


def waiting() -> int:
    """Bytes that are not sent yet."""
    return _exporter.bytes


_sources: list[Source] = []


class _Exporter:
    """The queue, and the thread that empties it."""

    def __init__(self) -> None:
        self.is_over = False
        self.dropped: Counter[tuple[str, str]] = Counter()
        self._queue: deque[tuple[Signal, bytes]] = deque()
        self.bytes = 0
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._asked = threading.Event()
        self._is_empty = threading.Event()
        self._not_before = 0.0
        self._pause = SHORTEST_PAUSE
        self._problem: str | None = None
        self._failed_sources: set[Source] = set()

    def put(self, signal: Signal, payload: bytes, *, again: bool = False) -> None:
        """Enqueue, at the front if `again`; the oldest make room."""
        with self._lock:
            self.bytes += len(payload)
            if again:
                self._queue.appendleft((signal, payload))
            else:
                self._queue.append((signal, payload))
            while self.bytes > LARGEST_QUEUE:
                former, oldest = self._queue.popleft()
                self.bytes -= len(oldest)
                self.dropped[former, "queue full"] += 1

    def start(self) -> None:
        if self._thread is None:
            with self._lock:
                if self._thread is None:
                    thread = threading.Thread(target=self._run, name="telemetry", daemon=True)
                    # There may be none to have, as at the end of the interpreter: whoever has a
                    # request in hand goes on, and the next one tries again.
                    with suppress(RuntimeError):
                        thread.start()
                        self._thread = thread

    def flush(self, seconds: float) -> bool:
        if self._thread is None or not is_on():
            return True
        self._is_empty.clear()
        self._asked.set()
        return self._is_empty.wait(seconds)

    def _run(self) -> None:
        chosen = options()
        if chosen.url is None:
            return
        connection = Connection(chosen.url, chosen.headers, gzip=chosen.gzip)
        is_awaited = False
        while True:
            is_asked = self._asked.wait(EVERY)
            if self.is_over:
                return
            if is_asked:
                self._asked.clear()
                is_awaited = True
            self._collect()
            if is_asked or time.monotonic() >= self._not_before:
                self._send_all(connection)
            # Only after a round that began when somebody waited: what that one left is in it.
            if is_awaited and not self._queue:
                is_awaited = False
                self._is_empty.set()

    def _collect(self) -> None:
        for source in _sources:
            try:
                for signal, payload in source():
                    self.put(signal, payload)
            except Exception:
                if source not in self._failed_sources:
                    self._failed_sources.add(source)
                    log.exception("telemetry.source_failed", source=repr(source))

    def _send_all(self, connection: Connection) -> None:
        while True:
            with self._lock:
                if not self._queue:
                    return
                signal, payload = self._queue.popleft()
                self.bytes -= len(payload)
            try:
                outcome = connection.post(f"/v1/{signal}", payload)
            except Exception as error:  # noqa: BLE001 - told as any other; the thread goes on
                outcome = Outcome(repr(error))
            if outcome.is_temporary:
                self.put(signal, payload, again=True)
                self._back_off(outcome)
                return
            self._pause, self._not_before = SHORTEST_PAUSE, 0.0
            if outcome.problem is None:
                self._recovered()
            else:
                self.dropped[signal, "refused"] += 1
                self._failed(outcome.problem)

    def _back_off(self, outcome: Outcome) -> None:
        pause = min(max(self._pause, outcome.retry_after or 0.0), LONGEST_PAUSE)
        self._not_before = time.monotonic() + pause
        self._pause = min(self._pause * 2, LONGEST_PAUSE)
        self._failed(outcome.problem)

    def _failed(self, problem: str | None) -> None:
        if self._problem is None:
            log.warning("telemetry.not_delivered", problem=problem)
        self._problem = problem

    def _recovered(self) -> None:
        if self._problem is not None:
            self._problem = None
            total = sum(self.dropped.values())
            log.info("telemetry.delivered_again", payloads_dropped_since_start=total)


_exporter = _Exporter()


def _forget() -> None:
    """Begin anew. After a fork the thread is the parent's, and so is what waits to be sent."""
    global _exporter
    _exporter.is_over = True
    _exporter = _Exporter()


os.register_at_fork(after_in_child=_forget)
atexit.register(flush, 1.0)
