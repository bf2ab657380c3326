"""Adding up what the processes of a service have counted, those that have ended too.

A counter must never go back, so what an ended process had counted is added to `ended.json` before
its files go. Readers and whoever adds take turns by a lock: nothing is seen twice, or not at all.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec
import structlog

from ramet.telemetry.metrics.cells import width
from ramet.telemetry.metrics.declaring import Declaration

__all__ = ["Series", "add_up", "numbers_of", "take_over_ended"]

log = structlog.get_logger("ramet.telemetry")


class Series(msgspec.Struct):
    """One series of one declaration with its numbers, laid out as in `cells.width`."""

    declaration: Declaration
    values: tuple[str, ...]
    numbers: list[float]
    exemplar: str = ""
    """The id of the trace in the exemplar, as hexadecimal text; empty: there is none."""

    def add(self, other: Series) -> None:
        """Add another's numbers. The exemplar is the slower one."""
        if self.declaration.kind != "histogram":
            self.numbers[0] += other.numbers[0]
            return
        sums = len(self.declaration.bounds) + 2
        for place in range(sums):
            self.numbers[place] += other.numbers[place]
        if other.exemplar and other.numbers[sums] >= self.numbers[sums]:
            self.numbers[sums:] = other.numbers[sums:]
            self.exemplar = other.exemplar


class Ended(msgspec.Struct):
    """`ended.json`: what ended processes had counted, and the names of those whose files may still
    be there, because whoever added them was killed before it removed them."""

    names: list[str] = []
    series: list[Series] = []


def add_up(folder: Path) -> list[Series]:
    """The numbers of all processes that keep them in `folder`, those that ended included."""
    try:
        take_over_ended(folder)
    except OSError as error:  # a full disk: their files stay, and are read below as the others
        log.warning("metrics.ended_not_added", folder=str(folder), error=str(error))
    with _turn(folder, fcntl.LOCK_SH):
        ended = _read_ended(folder)
        found = _Sum(ended.series)
        for path in sorted(folder.glob("*.cells")):
            if path.stem not in ended.names:
                found.add(_read(path))
    return found.series


def take_over_ended(folder: Path) -> None:
    """Add what ended processes had counted to `ended.json`, and remove their files.

    Safe against being killed half-way, and beside others that do the same.
    """
    if not any(_has_ended(path) for path in folder.glob("*.cells")):
        return
    with _turn(folder, fcntl.LOCK_EX):
        over = [path for path in sorted(folder.glob("*.cells")) if _has_ended(path)]
        ended = _read_ended(folder)
        found = _Sum(ended.series)
        for path in over:
            if path.stem not in ended.names:
                found.add([each for each in _read(path) if each.declaration.kind != "level"])
        draft = folder / "ended.draft"
        draft.write_bytes(msgspec.json.encode(Ended([each.stem for each in over], found.series)))
        draft.replace(folder / "ended.json")  # from here on they count as added, gone or not
        for path in over:
            path.with_suffix(".series").unlink(missing_ok=True)
            path.unlink(missing_ok=True)


def numbers_of(
    numbers: memoryview[float], declaration: Declaration, values: tuple[str, ...], at: int
) -> Series:
    """One series out of the numbers of a process."""
    cells = width(declaration)
    found = Series(declaration, values, list(numbers[at : at + cells]))
    if declaration.kind == "histogram":
        trace = numbers[at + cells - 2 : at + cells].tobytes()
        found.exemplar = trace.hex() if any(trace) else ""
        found.numbers[-2:] = (0.0, 0.0)  # an id's bits need be no number
    return found


class _Opened(msgspec.Struct):
    """A line of `<name>.series`."""

    declaration: Declaration
    values: tuple[str, ...]
    at: int


class _Sum:
    def __init__(self, series: list[Series]) -> None:
        self._by_key = {_key(each): each for each in series}

    @property
    def series(self) -> list[Series]:
        return list(self._by_key.values())

    def add(self, series: list[Series]) -> None:
        for each in series:
            known = self._by_key.setdefault(_key(each), each)
            if known is not each:
                known.add(each)


def _key(series: Series) -> tuple[Any, ...]:
    # The whole declaration: what newer code measures in other buckets cannot be added.
    return (series.declaration, series.values)


def _read(path: Path) -> list[Series]:
    """The series of one process. Its last line may be half written: that series has no numbers
    yet."""
    try:
        lines = path.with_suffix(".series").read_bytes().split(b"\n")[1:-1]
        opened = [msgspec.json.decode(line, type=_Opened) for line in lines]
        with path.open("rb") as file:
            used = max((each.at + width(each.declaration) for each in opened), default=0)
            numbers = memoryview(file.read(used * 8)).cast("d")
    except FileNotFoundError:
        return []
    return [numbers_of(numbers, each.declaration, each.values, each.at) for each in opened]


def _read_ended(folder: Path) -> Ended:
    try:
        return msgspec.json.decode((folder / "ended.json").read_bytes(), type=Ended)
    except FileNotFoundError:
        return Ended()
    except msgspec.DecodeError as error:
        log.warning("metrics.ended_unreadable", folder=str(folder), error=str(error))
        return Ended()


def _has_ended(path: Path) -> bool:
    """Whether nobody holds the lock of a process's numbers."""
    with suppress(FileNotFoundError):
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            return False
        finally:
            os.close(descriptor)
    return False


@contextmanager
def _turn(folder: Path, kind: int) -> Iterator[None]:
    """Wait for a turn: many may read, one alone adds."""
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, kind)
        yield
    finally:
        os.close(descriptor)
