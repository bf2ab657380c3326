"""Counters, histograms and levels: what code that does the work calls.

Half a microsecond each: a call between services takes three hundred, and is counted at both ends.
Nothing here raises or waits: where numbers cannot be kept (a full disk, too many series), work goes
on and what is missing is counted or told in the log.
"""

from __future__ import annotations

import os
import threading
import time
from bisect import bisect_left
from collections.abc import Callable
from pathlib import Path

import structlog

from ramet.telemetry.metrics.cells import Cells
from ramet.telemetry.metrics.declaring import SECONDS, Declaration, Kind, declare

__all__ = [
    "OTHER",
    "Counter",
    "Histogram",
    "Instrument",
    "Level",
    "all_instruments",
    "folder",
    "own_cells",
    "use_folder",
    "use_traces",
]

log = structlog.get_logger("ramet.telemetry")

OTHER = "other"
"""The value of an attribute for what has no name of its own, such as a path without a route."""

MOST_SERIES = 1000
"""Of one instrument in one process; what comes later is counted under OTHER alone. OpenTelemetry's
limit is 2,000 (https://opentelemetry.io/docs/specs/otel/metrics/sdk/#cardinality-limits)."""

EXEMPLAR_AGE = 60.0
"""Seconds for which the slowest one stays a series' exemplar."""

_lock = threading.RLock()
"""For all instruments: adding to a cell reads and writes it, and threads may take turns between.
Nothing is logged while it is held: a handler of the project's may count, too."""

# `with` looks both up at each use, which was a quarter of what it costs to count a duration.
_acquire, _release = _lock.acquire, _lock.release

_instruments: list[Instrument] = []
_cells: Cells | None = None
_folder: Path | None = None
_role = "process"

_trace_of: Callable[[object], str | None] | None = None


def use_folder(folder: Path | None, role: str) -> None:
    """Keep the numbers of this process where its siblings find them, from nought, from now on."""
    global _folder, _role
    _folder, _role = folder, role
    _begin_anew()


def use_traces(trace_of: Callable[[object], str | None]) -> None:
    """Ask `trace_of` for the id (32 hexadecimal digits) of a span's trace, for None of the current
    one's; it gives None where that trace is not kept. For exemplars."""
    global _trace_of
    _trace_of = trace_of


def own_cells() -> Cells:
    """The numbers of this process, begun when first asked for: after every fork."""
    global _cells
    problem: OSError | None = None
    with _lock:
        if _cells is None:
            try:
                if _folder is not None:
                    _folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                _cells = Cells(_folder, _role)
            except OSError as error:
                problem, _cells = error, Cells(None, _role)
        cells = _cells
    if problem is not None:
        log.warning("metrics.not_shared", folder=str(_folder), error=str(problem))
    return cells


def folder() -> Path | None:
    """Where the processes of this service keep their numbers; None: each has but its own."""
    return _folder


def all_instruments() -> list[Instrument]:
    """Those of the modules loaded so far."""
    return [*_instruments]


class Instrument:
    """Adds to the series of one declaration, which exist from their first use."""

    kind: Kind

    def __init__(
        self,
        name: str,
        text: str,
        *,
        unit: str = "",
        attributes: tuple[str, ...] = (),
        bounds: tuple[float, ...] = (),
    ) -> None:
        self.declaration = declare(Declaration(name, self.kind, text, unit, attributes, bounds))
        self.series: dict[tuple[str, ...], int] = {}
        """Where each series is, by the values of its attributes."""
        self._numbers = memoryview(bytearray(8)).cast("d")
        _instruments.append(self)

    def _open(self, values: tuple[str, ...]) -> int:
        """The place of a series that is used for the first time, or of the one for the others."""
        attributes = self.declaration.attributes
        if len(values) != len(attributes):
            raise TypeError(f"{self.declaration.name} has the attributes {attributes}")
        cells = own_cells()
        others = (OTHER,) * len(attributes)
        with _lock:
            if (at := self.series.get(values)) is not None:
                return at  # another thread was quicker
            self._numbers = cells.numbers
            for each in (values, others):
                # One place is kept for the others.
                if len(self.series) < MOST_SERIES - 1 or each == others:
                    at = self.series.get(each)
                    at = cells.open(self.declaration, each) if at is None else at
                    if at is not None:
                        self.series[each] = at
                        break
            else:
                at = cells.spare
        if each != values:
            _tell_of_limit(self.declaration.name)
        return at


class Counter(Instrument):
    """Only ever grows, over the ends of processes too."""

    kind = "counter"

    def add(self, number: float, *values: str) -> None:
        """Count `number` more; `values` are those of the attributes, in their order."""
        at = self.series.get(values)
        if at is None:
            at = self._open(values)
        _acquire()
        try:
            self._numbers[at] += number
        finally:
            _release()


class Level(Instrument):
    """Goes up and down; what a process that ends leaves behind does not count."""

    kind = "level"

    def add(self, number: float, *values: str) -> None:
        """Change it by `number`."""
        at = self.series.get(values)
        if at is None:
            at = self._open(values)
        _acquire()
        try:
            self._numbers[at] += number
        finally:
            _release()

    def set(self, number: float, *values: str) -> None:
        """What it is now, in this process."""
        at = self.series.get(values)
        if at is None:
            at = self._open(values)
        self._numbers[at] = number


class Histogram(Instrument):
    """How long something took, and how often."""

    kind = "histogram"

    def __init__(
        self,
        name: str,
        text: str,
        *,
        attributes: tuple[str, ...] = (),
        bounds: tuple[float, ...] = SECONDS,
    ) -> None:
        super().__init__(name, text, unit="s", attributes=attributes, bounds=bounds)
        self._bounds = bounds
        self._exemplar = 2 + len(bounds)

    def record(self, seconds: float, *values: str, span: object = None) -> None:
        """One more, which took so long; the slowest of a minute is kept with its trace's id, which
        is `span`'s, else the current one's."""
        at = self.series.get(values)
        if at is None:
            at = self._open(values)
        numbers = self._numbers
        _acquire()
        try:
            numbers[at] += seconds
            numbers[at + 1 + bisect_left(self._bounds, seconds)] += 1
            exemplar = at + self._exemplar
            now = time.time()
            if seconds >= numbers[exemplar] or now - numbers[exemplar + 1] > EXEMPLAR_AGE:
                trace = _trace_of(span) if _trace_of else None
                if trace is not None:
                    numbers[exemplar], numbers[exemplar + 1] = seconds, now
                    begin = (exemplar + 2) * 8
                    own_cells().bytes[begin : begin + 16] = bytes.fromhex(trace)
        finally:
            _release()


_told: set[str] = set()


def _tell_of_limit(name: str) -> None:
    if name not in _told:
        _told.add(name)
        log.warning("metrics.too_many_series", metric=name, most=MOST_SERIES, rest=f"as {OTHER}")


def _begin_anew() -> None:
    """For a fork, too: it counts for itself; the parent's numbers stay the parent's."""
    global _lock, _acquire, _release, _cells
    _lock = threading.RLock()  # another thread of the parent may have held it
    _acquire, _release = _lock.acquire, _lock.release
    if _cells is not None:
        _cells.abandon()
        _cells = None
    for instrument in _instruments:
        instrument.series.clear()


os.register_at_fork(after_in_child=_begin_anew)
