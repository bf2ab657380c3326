"""A service's worker process: relay, inbox, sagas and whatever else has registered a loop."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType

import structlog

from ramet.errors import DiagnosticError

__all__ = ["DRAIN", "main"]

log = structlog.get_logger("ramet.worker")

DRAIN = 9.5
"""Seconds for which work in hand may go on after SIGTERM; supervisors kill after ten."""


def main() -> int:
    """Work until SIGTERM or SIGINT, finish what is in hand, and return the exit code.

    0: drained. 1: something was still busy after `DRAIN` seconds; its transaction is rolled back
    and the next worker does it again. 2: the configuration is wrong; what and where is on standard
    error. A second signal ends the process at once. A database or broker that cannot be reached is
    no error: the worker waits for it.
    """
    try:
        return _run()
    except DiagnosticError as error:
        print(error, file=sys.stderr, flush=True)
        return 2


def _run() -> int:
    import django
    from django.apps import apps

    if not apps.ready:  # a fork of a prepared process is
        django.setup()

    from ramet import telemetry
    from ramet.events.surroundings import surroundings
    from ramet.events.worker import Worker
    from ramet.telemetry import exporting
    from ramet.telemetry.beginning import begin

    place = surroundings().place
    telemetry.configure(place.group if place else "django", "worker")
    begin(place, "worker")
    stop = _Stop()
    worker = Worker()
    if not worker.loops:
        log.info("worker.idle", reason="nothing here publishes, subscribes or has a saga")
    worker.start()
    stop.wait()
    busy = worker.stop(DRAIN)
    exporting.flush(1.0)
    return 1 if busy else 0


class _Stop:
    """Waits for a signal without polling.

    A pipe, because a handler runs in the main thread between any two instructions: setting a
    threading.Event there can deadlock with the very wait that it shall end.
    """

    def __init__(self) -> None:
        self._reader, self._writer = os.pipe()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._first)

    def wait(self) -> None:
        """Return after the first signal, also one that came before this call."""
        os.read(self._reader, 1)

    def _first(self, number: int, frame: FrameType | None) -> None:
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, self._second)
        os.write(self._writer, b"!")

    def _second(self, number: int, frame: FrameType | None) -> None:
        os._exit(128 + number)
