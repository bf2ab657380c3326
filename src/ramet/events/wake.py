"""Wake-ups: how a commit in one thread or process reaches the loop that works it off.

A wake-up is a hint, never the truth: every loop also polls, so a lost one costs a second, not an
event. It is sent after the commit and coalesced, because NOTIFY inside the writing transaction
takes a lock over the whole PostgreSQL cluster at commit (measured: 1,839 to 216 inserts a second).
"""

from __future__ import annotations

import os
import threading
import time
from collections import defaultdict
from collections.abc import Iterable
from typing import Protocol

import structlog
from django.db import Error as DatabaseProblem
from django.db import connection, transaction

from ramet.failpoints import reached

log = structlog.get_logger("ramet.events")

CHANNEL = "ramet"
"""The one PostgreSQL channel; the payload of a notification is the topic."""

INTERVAL = 0.01
"""Seconds between two notifications of one topic from one process."""

IDLE = 0.25
"""Seconds after which the thread of trailing notifications gives its connection back."""


class Signal(Protocol):
    """What is woken: a threading.Event, or whatever passes the call on without blocking."""

    def set(self) -> None:
        """Called in any thread, possibly several times for one cause."""


def wake(topic: str) -> None:
    """Wake the loops of this process that wait for `topic`, now. Never blocks, never fails."""
    _hub.wake(topic)


def wake_after_commit(topic: str) -> None:
    """Wake the loops that wait for `topic`, here and in other processes, once the transaction
    commits.

    Outside a transaction that is at once; after a rollback, also of the savepoint alone, it never
    happens. Costs nothing inside the transaction.
    """
    transaction.on_commit(lambda: _announce(topic), robust=True)


def register(signal: Signal, topics: Iterable[str]) -> None:
    """Set `signal` at every wake-up of one of `topics`, until `unregister(signal)`."""
    _hub.register(signal, topics)


def unregister(signal: Signal) -> None:
    """Undo `register`; unknown signals are ignored."""
    _hub.unregister(signal)


def wake_all() -> None:
    """Wake every loop of this process: after a lost connection nobody knows what was missed."""
    _hub.wake_all()


def _announce(topic: str) -> None:
    reached(f"before-notify:{topic}")
    _hub.wake(topic)
    # Still inside a transaction is only a test that runs the callbacks of its own TestCase.
    if connection.vendor == "postgresql" and not connection.in_atomic_block:
        _notifier.notify(topic)
    reached(f"after-notify:{topic}")


def _send(topics: Iterable[str]) -> None:
    with connection.cursor() as cursor:
        for topic in topics:
            cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, topic])


def _close() -> None:
    try:
        connection.close()
    except DatabaseProblem as error:  # what cannot be closed is gone already
        log.debug("events.connection_not_closed", error=str(error))


class _Hub:
    """Who waits for what in this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[str, set[Signal]] = defaultdict(set)

    def register(self, signal: Signal, topics: Iterable[str]) -> None:
        with self._lock:
            for topic in topics:
                self._waiting[topic].add(signal)

    def unregister(self, signal: Signal) -> None:
        with self._lock:
            for signals in self._waiting.values():
                signals.discard(signal)

    def wake(self, topic: str) -> None:
        with self._lock:
            signals = tuple(self._waiting.get(topic, ()))
        for signal in signals:
            signal.set()

    def wake_all(self) -> None:
        with self._lock:
            topics = tuple(self._waiting)
        for topic in topics:
            self.wake(topic)


class _Notifier:
    """Sends the first notification of a burst at once and the rest as one trailing notification.

    The first goes over the connection that has just committed, so a lone event waits for nothing
    and a quiet process keeps no connection for this. The trailing one is sent by a short-lived
    thread.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sent: dict[str, float] = {}
        self._trailing: set[str] = set()
        self._wanted = threading.Event()
        self._thread: threading.Thread | None = None

    def notify(self, topic: str) -> None:
        with self._lock:
            if topic in self._trailing:
                return  # the one that is already due will be sent after this commit
            now = time.monotonic()
            if now - self._sent.get(topic, float("-inf")) < INTERVAL:
                self._trailing.add(topic)
                self._wanted.set()
                if self._thread is None:
                    self._thread = threading.Thread(
                        target=self._run, name="ramet-notify", daemon=True
                    )
                    self._thread.start()
                return
            self._sent[topic] = now
        _send([topic])

    def _run(self) -> None:
        try:
            while self._wanted.wait(IDLE):
                time.sleep(
                    INTERVAL
                )  # the pace itself: everything until then shares one notification
                with self._lock:
                    topics, self._trailing = self._trailing, set()
                    self._wanted.clear()
                    now = time.monotonic()
                    self._sent.update(dict.fromkeys(topics, now))
                try:
                    _send(topics)
                except DatabaseProblem as error:  # InterfaceError included: no DatabaseError
                    log.warning(
                        "events.notify_failed", error=str(error), remedy="polling takes over"
                    )
                    _close()
        finally:
            _close()
            with self._lock:
                self._thread = None
                restart = self._wanted.is_set()
            if restart:
                # A notification came between the last wait and the lock: polling would find it too.
                for topic in tuple(self._trailing):
                    self._trailing.discard(topic)
                    self.notify(topic)


_hub = _Hub()
_notifier = _Notifier()


def _start_afresh() -> None:
    """A forked child has none of its parent's threads, and must not inherit a held lock."""
    global _hub, _notifier
    _hub, _notifier = _Hub(), _Notifier()


os.register_at_fork(after_in_child=_start_afresh)
