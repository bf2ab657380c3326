"""Comparing a replica with its source, without changing either.

What differs at a first look may only be on its way: it is looked at again after a while, and counts
only if the replica has not come as far as the source was at the first look; where the replica is
ahead, only if the source has not come as far as the replica was. Keys are kept in a temporary file,
so that the memory of an audit does not grow with the replica.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from ramet.events.models import Inbox
from ramet.replicas.declaration import Feed
from ramet.replicas.model import VERSION
from ramet.replicas.rebuilding import export

__all__ = ["KINDS", "Difference", "Report", "audit"]

KINDS = ("missing", "surplus", "stale", "ahead", "differs")
"""Not here but at the source; here but not there; here in an older version; here in a newer one,
for the source has gone back; here in the same version with other values."""

SETTLE = 3.0
"""Seconds for which what differs may still be on its way from the source."""

LONGEST_WAIT = 30.0
"""Seconds for which events that have arrived may still be worked off."""

EXAMPLES = 10
"""Keys that a report names for each kind."""

_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Difference:
    """One row that differs. `columns` are those with other values, of what is on both sides."""

    key: str
    columns: tuple[str, ...] = ()


@dataclass(slots=True)
class Report:
    """What an audit found."""

    replica: str
    is_ready: bool
    checked: int = 0
    """Rows of the source."""
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    examples: dict[str, list[Difference]] = field(default_factory=lambda: {k: [] for k in KINDS})

    @property
    def differences(self) -> int:
        """How many rows differ."""
        return sum(self.counts.values())

    def add(self, kind: str, key: str, columns: tuple[str, ...] = ()) -> None:
        """Count one; the first ones are kept as examples."""
        self.counts[kind] += 1
        if len(self.examples[kind]) < EXAMPLES:
            self.examples[kind].append(Difference(key, columns))

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "replica": self.replica,
            "ready": self.is_ready,
            "checked": self.checked,
            "differences": self.differences,
            **{
                kind: {
                    "count": self.counts[kind],
                    "examples": [
                        {"key": each.key} | ({"columns": [*each.columns]} if each.columns else {})
                        for each in self.examples[kind]
                    ],
                }
                for kind in KINDS
            },
        }


def audit(feed: Feed, *, settle: float = SETTLE) -> Report:
    """Compare every row with the source's export; looks twice if anything differs.

    Raises what the export raises, RemoteError above all.
    """
    with closing(sqlite3.connect("")) as notes:  # a temporary file of this process alone
        notes.execute("CREATE TABLE source (key TEXT PRIMARY KEY)")
        notes.execute("CREATE TABLE suspect (key TEXT PRIMARY KEY, kind TEXT, version INTEGER)")
        _look(feed, notes, Report(feed.label, is_ready=True), suspects_only=False)
        if notes.execute("SELECT 1 FROM suspect LIMIT 1").fetchone():
            _wait(feed, settle)
        report = Report(feed.label, is_ready=feed.model.is_ready())
        if notes.execute("SELECT 1 FROM suspect LIMIT 1").fetchone():
            _look(feed, notes, report, suspects_only=True)
        else:
            ((report.checked,),) = notes.execute("SELECT count(*) FROM source")
        return report


def _look(feed: Feed, notes: sqlite3.Connection, report: Report, *, suspects_only: bool) -> None:
    """Go through the source, then through what is here; the first time, note suspects."""
    notes.execute("DELETE FROM source")
    for page in _pages(feed):
        notes.executemany("INSERT OR IGNORE INTO source VALUES (?)", [(key,) for key in page])
        here = _rows_here(feed, [row[0] for row in page.values()])
        for key, theirs in page.items():
            kind, columns = _compare(feed, here.get(key), theirs)
            if suspects_only:
                if kind and _persists(notes, key, kind, here.get(key), theirs):
                    report.add(kind, key, columns)
            elif kind:
                _note(notes, key, kind, here[key][-1] if kind == "ahead" else theirs[-1])
    ((report.checked,),) = notes.execute("SELECT count(*) FROM source")
    for key, version in _surplus(feed, notes):
        if not suspects_only:
            _note(notes, key, "surplus", version)
        elif notes.execute(
            "SELECT 1 FROM suspect WHERE key = ? AND kind = 'surplus' AND version = ?",
            [key, version],
        ).fetchone():
            report.add("surplus", key)


def _compare(
    feed: Feed, mine: list[Any] | None, theirs: list[Any]
) -> tuple[str | None, tuple[str, ...]]:
    if mine is None:
        return "missing", ()
    columns = tuple(
        column.field.name
        for column, here, there in zip(feed.columns, mine, theirs, strict=False)
        if not column.is_same(here, there)
    )
    if mine[-1] != theirs[-1]:
        return "stale" if mine[-1] < theirs[-1] else "ahead", columns
    return ("differs", columns) if columns else (None, ())


def _persists(
    notes: sqlite3.Connection, key: str, kind: str, mine: list[Any] | None, theirs: list[Any]
) -> bool:
    """Whether a suspect has not come as far as the source was at the first look.

    One that is ahead, because an event came after the page was read: whether the source has not.
    """
    found = notes.execute("SELECT version, kind FROM suspect WHERE key = ?", [key]).fetchone()
    if found is None:
        return False
    version, former = found
    if "ahead" in (kind, former):
        return bool(kind == former and theirs[-1] < version)
    if mine is None or kind == "differs":
        return bool(kind == former)
    return bool(mine[-1] < version)


def _pages(feed: Feed) -> Iterator[dict[str, list[Any]]]:
    """The source's rows as they would be stored here, by key; a page at a time."""
    cursor = ""
    while True:
        rows, cursor = export(feed, cursor)
        yield {feed.key_text(each): feed.row(each) for each in rows}
        if not cursor:
            return


def _rows_here(feed: Feed, keys: list[Any]) -> dict[str, list[Any]]:
    names = [column.field.attname for column in feed.columns] + [VERSION]
    found = feed.model._default_manager.filter(pk__in=keys).values_list(*names)
    return {(row := _as_stored(feed, each))[0]: row[1] for each in found}


def _as_stored(feed: Feed, values: tuple[Any, ...]) -> tuple[str, list[Any]]:
    """A row of the replica in the same form as one of the source."""
    from django.db import connection

    stored = [
        column.field.get_db_prep_save(value, connection)
        for column, value in zip(feed.columns, values, strict=False)
    ]
    return str(stored[0]), [*stored, values[-1]]


def _surplus(feed: Feed, notes: sqlite3.Connection) -> Iterator[tuple[str, int]]:
    """What is here and not among the source's keys, with its version; a chunk at a time."""
    rows = feed.model._default_manager.order_by("pk").values_list("pk", VERSION)
    last: Any = None
    while True:
        chunk = list((rows if last is None else rows.filter(pk__gt=last))[:_CHUNK])
        for key, version in chunk:
            text = _text(feed, key)
            if not notes.execute("SELECT 1 FROM source WHERE key = ?", [text]).fetchone():
                yield text, version
        if len(chunk) < _CHUNK:
            return
        last = chunk[-1][0]


def _text(feed: Feed, key: Any) -> str:
    from django.db import connection

    return str(feed.key.field.get_db_prep_save(key, connection))


def _note(notes: sqlite3.Connection, key: str, kind: str, version: int) -> None:
    notes.execute("INSERT OR REPLACE INTO suspect VALUES (?, ?, ?)", [key, kind, version])


def _wait(feed: Feed, settle: float) -> None:
    """Give what is on its way the time to come: from the source, then through the inbox."""
    time.sleep(settle)
    deadline = time.monotonic() + LONGEST_WAIT
    waiting = Inbox.objects.filter(handler__in=feed.handlers, state=Inbox.State.READY)
    while waiting.exists() and time.monotonic() < deadline:
        time.sleep(0.1)
