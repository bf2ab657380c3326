"""The worker: named loops in threads that survive a restart of the database.

It stands in events because outbox and inbox need it first; sagas and whoever else has background
work register their own loops, and one process runs them all.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterable, Sequence

import structlog
from django.db import connections

from ramet.events import health, wake
from ramet.events.failures import Failures
from ramet.events.pulse import Pulse
from ramet.telemetry.metrics.reporting import report_sources

log = structlog.get_logger("ramet.events")

IDLE = 5.0
"""Seconds without work after which a loop that does not poll gives its connection back."""

LONGEST_PAUSE = 5.0
"""Seconds: the cap of the back-off after failures of a loop."""


class Loop:
    """One kind of background work. Subclass, set `name`, implement `work`, and `register_loop` it.

    Each loop runs in its own thread, which has its own database connection. `work` is called when
    one of `topics` is woken (see `ramet.events.wake`) and at the latest every `poll` seconds.
    """

    name: str
    """For logs and thread names; unique in the process."""

    topics: tuple[str, ...] = ()
    """What wakes the loop."""

    poll: float | None = 1.5
    """Seconds between two rounds when nothing wakes the loop: the safety net for lost wake-ups.
    None: only wake-ups, and the thread gives its database connection back while it has nothing
    to do."""

    def __init__(self) -> None:
        self.stopping = threading.Event()
        """Set when the worker stops: finish the piece of work at hand and return."""

    def begin(self) -> None:
        """Called once in the loop's thread before the first `work`; repeated until it succeeds."""

    def work(self) -> float | None:
        """Do a bounded piece of work.

        Return 0 when there may be more at once, the seconds until something is due if they are
        known and shorter than `poll`, or None to wait for a wake-up. What it raises is logged, its
        database connections are closed, and it is called again after a back-off: a restart of
        PostgreSQL is nothing that a loop must care for.
        """
        raise NotImplementedError

    def interrupt(self) -> None:
        """Called from another thread after `stopping` was set: end a wait of the loop's own."""

    def end(self) -> None:
        """Called once in the loop's thread after the last `work`."""


LoopFactory = Callable[[], Iterable[Loop]]

_factories: list[LoopFactory] = []


def register_loop(factory: LoopFactory) -> LoopFactory:
    """Have every worker of this process run the loops that `factory()` returns; usable as
    decorator.

    Called when a worker is made, after Django is set up; it returns nothing when this process has
    no such work.
    """
    if factory not in _factories:
        _factories.append(factory)
    return factory


def registered_loops() -> list[Loop]:
    """New loops of all registered factories."""
    return [loop for factory in _factories for loop in factory()]


class Worker:
    """Runs loops until `stop`, in daemon threads: what a killed one had in hand is done again."""

    def __init__(self, loops: Sequence[Loop] | None = None) -> None:
        """`loops`: None takes all registered ones."""
        self.loops = list(registered_loops() if loops is None else loops)
        self._signals = {id(loop): threading.Event() for loop in self.loops}
        self._threads: dict[str, threading.Thread] = {}
        self._pulse = Pulse()

    def start(self) -> None:
        """Start all threads and return. The database need not be reachable yet."""
        for loop in self.loops:
            signal = self._signals[id(loop)]
            wake.register(signal, loop.topics)
            self._threads[loop.name] = threading.Thread(
                target=self._run, args=(loop, signal), name=f"ramet-{loop.name}", daemon=True
            )
        if self.loops:
            self._pulse.start()
        for thread in self._threads.values():
            thread.start()
        if self.loops:
            health.watch(lambda: self._pulse.silence, self._ended)
            report_sources()
        log.info("worker.started", loops=sorted(self._threads))

    def stop(self, timeout: float = 10.0) -> list[str]:
        """Ask every loop to finish what it has in hand; wait up to `timeout` seconds.

        Returns the names of the loops that are still busy: what they do is rolled back by the
        database when the process ends, and done again by the next worker.
        """
        deadline = time.monotonic() + timeout
        for loop in self.loops:
            loop.stopping.set()
            loop.interrupt()
            self._signals[id(loop)].set()
        for thread in self._threads.values():
            thread.join(max(0.0, deadline - time.monotonic()))
        busy = sorted(name for name, thread in self._threads.items() if thread.is_alive())
        self._pulse.stop(
            max(0.5, deadline - time.monotonic())
        )  # last: leases live until loops ended
        for loop in self.loops:
            wake.unregister(self._signals[id(loop)])
        log.info("worker.stopped", busy=busy)
        return busy

    def _ended(self) -> list[str]:
        stopping = {loop.name for loop in self.loops if loop.stopping.is_set()}
        return sorted(
            name
            for name, thread in self._threads.items()
            if name not in stopping and not thread.is_alive()
        )

    def _run(self, loop: Loop, signal: threading.Event) -> None:
        """Rounds until the worker stops. Nothing that a loop raises, SystemExit included, ends its
        thread: a worker with a dead loop would look alive and do nothing."""
        begun, failures = False, Failures(loop.name)
        while not loop.stopping.is_set():
            # Cleared before the work, so that what is committed during the work wakes the next
            # round.
            signal.clear()
            try:
                if not begun:
                    loop.begin()
                    begun = True
                pause = loop.work()
                failures.over()
                if pause != 0 and not loop.stopping.is_set():
                    _rest(loop, signal, pause)
            except BaseException as error:  # noqa: BLE001 - see above
                failures.note(error)
                _close_connections()
                loop.stopping.wait(_pause_after(failures.count))
        try:
            if begun:
                loop.end()
        except BaseException as error:  # noqa: BLE001 - the database may be gone; nothing depends on this
            log.warning("worker.loop_end_failed", loop=loop.name, error=str(error))
        finally:
            _close_connections()


def _close_connections() -> None:
    try:
        connections.close_all()
    except Exception as error:  # noqa: BLE001 - what cannot be closed is gone already
        log.warning("worker.connection_not_closed", error=str(error))


def _rest(loop: Loop, signal: threading.Event, pause: float | None) -> None:
    """Wait for a wake-up, the time that `work` named, or the poll, whichever comes first."""
    limits = [limit for limit in (pause, loop.poll) if limit is not None]
    if limits:
        signal.wait(min(limits))
    elif not signal.wait(IDLE):
        connections.close_all()
        signal.wait()


def _pause_after(failures: int) -> float:
    """Exponential back-off with full jitter, so that workers do not come back in step."""
    return random.uniform(0.05, min(LONGEST_PAUSE, 0.1 * 2 ** min(failures, 10)))  # noqa: S311
