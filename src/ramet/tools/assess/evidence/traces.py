"""`--trace FILE`: what tests and requests were recorded to write and read in one transaction.

The recorder is `ramet.testing.recording`; here its lines become edges. Models that are only read
together are no edge: a split takes no guarantee from them that they have today.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from itertools import combinations
from pathlib import Path, PurePosixPath

import msgspec

from ramet.errors import DiagnosticError, Mistake
from ramet.tools.assess.facts import Edge, Gap, Scan

__all__ = ["with_traces"]

Pair = tuple[str, str, str]


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """One line: a transaction, or one statement outside of any, of a request or test.

    `file` and `line` are where the transaction begins, `is_direct` where that line itself does so
    and not Django for it. Models are labels.
    """

    test: str | None
    request: str | None
    is_atomic: bool
    is_committed: bool
    reads: list[str]
    writes: list[str]
    file: str
    line: int
    is_direct: bool
    times: int


def with_traces(scan: Scan, files: Iterable[Path]) -> Scan:
    """Return `scan` with an edge of kind `trace` for each two models of one recorded transaction.

    Raises DiagnosticError where a file is missing or is no recording, all such together.
    """
    files = list(files)
    recorded = _read(files)
    known = {each.label for each in scan.models}
    with_tables = {each.label for each in scan.models if each.is_own and not each.is_proxy}
    edges = list(_edges(recorded, known))
    gaps = list(_gaps(recorded, with_tables, files))
    return msgspec.structs.replace(scan, edges=[*scan.edges, *edges], gaps=[*scan.gaps, *gaps])


def _read(files: list[Path]) -> list[Recorded]:
    found: list[Recorded] = []
    mistakes: list[Mistake] = []
    for file in files:
        try:
            lines = file.read_bytes().splitlines()
        except OSError as error:
            mistakes.append(_unreadable(file.name, error.strerror or "not readable"))
            continue
        for number, line in enumerate(lines, start=1):
            try:
                found.append(msgspec.json.decode(line, type=Recorded))
            except msgspec.DecodeError as error:
                mistakes.append(_unreadable(f"{file.name}:{number}", str(error)))
                break  # the rest of it is no better
    if mistakes:
        raise DiagnosticError(*mistakes)
    return found


def _unreadable(where: str, found: str) -> Mistake:
    return Mistake(
        "trace-unreadable",
        where,
        found,
        "a recording: one JSON object a line, as --ramet-trace of pytest writes it",
        "Record it anew (docs/how-to/add-evidence-to-an-assessment.md), or leave it out.",
    )


def _edges(recorded: list[Recorded], known: set[str]) -> Iterator[Edge]:
    """One for each pair, at its busiest place: whoever writes depends on what goes with it."""
    places: dict[Pair, Counter[tuple[str, int]]] = defaultdict(Counter)
    names: dict[Pair, set[str]] = defaultdict(set)
    for each in recorded:
        if _counts(each):
            for pair in _pairs(each, known):
                places[pair][each.file, each.line] += each.times
                names[pair].add(each.request or each.test or "?")
    for pair, counted in sorted(places.items()):
        source, target, field = pair
        (file, line), _ = min(counted.items(), key=lambda each: (-each[1], each[0]))
        yield Edge(
            kind="trace",
            source=source,
            target=target,
            field=field,
            file=file,
            line=line,
            note=_note(counted, min(names[pair], key=lambda name: (len(name), name))),
        )


def _note(counted: Counter[tuple[str, int]], example: str) -> str:
    if counted.total() == 1:
        return f"in {example}"
    where = f" at {len(counted)} places" if len(counted) > 1 else ""
    return f"{counted.total()} transactions{where}, as in {example}"


def _counts(each: Recorded) -> bool:
    """A transaction that the project makes, by its own `atomic` or by what it asks of Django."""
    return each.is_atomic and not (each.is_direct and _is_test(each.file) and not each.request)


def _is_test(file: str) -> bool:
    path = PurePosixPath(file)
    is_file = path.stem == "conftest" or path.stem == "tests" or path.stem.startswith("test_")
    return is_file or path.stem.endswith("_test") or bool({"tests", "testing"} & {*path.parts[:-1]})


def _pairs(each: Recorded, known: set[str]) -> Iterator[Pair]:
    writes = sorted(known.intersection(each.writes))
    reads = sorted(known.intersection(each.reads).difference(writes))
    for one, other in combinations(writes, 2):
        yield one, other, "written together"
    for written in writes:
        for read in reads:
            yield written, read, "read where it is written"


def _gaps(recorded: list[Recorded], models: set[str], files: list[Path]) -> Iterator[Gap]:
    names = ", ".join(each.name for each in files)
    touched = {label for each in recorded for label in (*each.reads, *each.writes)}
    if not touched & models:
        yield Gap(
            kind="trace-tells-nothing",
            file="",
            line=0,
            found=f"{names}: {len(recorded)} transactions, none of a model that was scanned",
            why="No test with a database ran, or it is a recording of another project.",
            remedy="Run the tests of this project with --ramet-trace FILE.",
        )
        return
    unseen = sorted(models - touched)
    if unseen:
        shown = ", ".join(unseen[:8]) + (f" and {len(unseen) - 8} more" if len(unseen) > 8 else "")
        yield Gap(
            kind="models-without-trace",
            file="",
            line=0,
            found=f"{len(unseen)} of {len(models)} models are in no recorded transaction: {shown}",
            why="No test that was recorded touches them.",
            remedy="Take no trace between two of these as a sign of independence.",
        )
