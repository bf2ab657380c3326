"""Which traces tell what, so that a search for an order's id reads a few traces and not all spans.

A fact is one thing that a span says: its service, whom it asked, an attribute with its value. Kept
are 32 bits of each with the trace: enough to find a few candidates, whose spans are then read. So
the table has no texts, and two facts with the same bits cost a look, not a wrong answer.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any
from zlib import crc32

import msgspec

from ramet.tools.dashboard.store.records import SpanRecord

__all__ = [
    "FEW",
    "Fact",
    "add",
    "add_edge",
    "candidates",
    "drop",
    "is_seldom",
    "of_attribute",
    "of_edge",
    "of_service",
]

FEW = 1_000
"""Traces that are looked through at once; of more, the latest come first."""
LONGEST = 200
"""Characters of a value that is a fact: a longer one, such as an SQL statement, is looked for by
reading all spans."""
_TOGETHER = 1_000  # variables of one statement

Fact = tuple[int, ...]
"""The bits that it may have: a text such as `1` is a number's and a text's."""


def of_service(name: str) -> Fact:
    """That a service took part."""
    return (_bits("service", name),)


def of_edge(service: str, peer_kind: str, peer: str) -> int:
    """That a service's span was with another program, event or database."""
    return _bits(f"{peer_kind}:{peer}", service)


def of_attribute(key: str, text: str) -> Fact | None:
    """That an attribute has a value, written as `TraceSearch.attributes`; None: it is no fact."""
    if len(text) > LONGEST:
        return None
    try:
        plain = json.loads(text)
    except ValueError:
        plain = text
    texts = {text, _text(plain) if isinstance(plain, int | float) else text}
    return tuple(_bits(f"={key}", each) for each in sorted(texts))


def add(connection: sqlite3.Connection, spans: Sequence[SpanRecord]) -> None:
    """Write what these spans say. Their traces are written already."""
    found: dict[bytes, set[int]] = {}
    for span in spans:
        said = found.get(span.trace_id)
        if said is None:
            said = found[span.trace_id] = set()
        _collect(span, said)
    waiting = iter(found)
    while some := list(islice(waiting, _TOGETHER)):
        marks = ", ".join("?" * len(some))
        rows = connection.execute(
            f"SELECT id, trace_id FROM traces WHERE trace_id IN ({marks})",  # noqa: S608
            some,
        ).fetchall()
        connection.executemany(
            "INSERT OR IGNORE INTO facts VALUES (?, ?)",
            sorted((bits, id) for id, trace_id in rows for bits in found[trace_id]),
        )


def add_edge(connection: sqlite3.Connection, trace_id: bytes, edge: int) -> None:
    """Write whom a span turned out to be with, once that is known."""
    connection.execute(
        "INSERT OR IGNORE INTO facts SELECT ?, id FROM traces WHERE trace_id = ?", (edge, trace_id)
    )


def drop(connection: sqlite3.Connection, until: int) -> None:
    """Drop those of traces up to this id. Reads all of them."""
    connection.execute("DELETE FROM facts WHERE trace <= ?", (until,))


def candidates(facts: Iterable[int]) -> str:
    """A query of the ids of traces with any of these facts."""
    return f"SELECT trace FROM facts WHERE bits IN ({', '.join(map(str, facts))})"  # noqa: S608


def is_seldom(connection: sqlite3.Connection, facts: Iterable[int]) -> bool:
    """Whether only a few traces have any of these facts."""
    count = f"SELECT count(*) FROM ({candidates(facts)} LIMIT {FEW + 1})"  # noqa: S608
    return bool(connection.execute(count).fetchone()[0] <= FEW)


def _collect(span: SpanRecord, said: set[int]) -> None:
    said.update(of_service(span.service))
    if span.peer is not None and span.peer_kind is not None:
        said.add(of_edge(span.service, span.peer_kind, span.peer))
    for key, value in _decode(span.attributes).items():
        text = value if type(value) is str else _text(value)
        if len(text) <= LONGEST:
            # As `_bits`: at 20,000 spans a second with ten attributes each, a function is felt.
            said.add(crc32(text.encode(errors="replace"), _seed(f"={key}")))


def _text(value: Any) -> str:
    """As somebody writes it who searches for it. SQLite takes 1.0 for 1, so both are one text."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return msgspec.json.encode(value).decode()
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**63:
        return str(int(value))
    return str(value)


def _bits(key: str, text: str) -> int:
    return crc32(text.encode(errors="replace"), _seed(key))


@lru_cache(maxsize=4096)
def _seed(key: str) -> int:
    return crc32(key.encode(errors="replace"))


_decode: Callable[[str], dict[str, Any]] = msgspec.json.Decoder().decode
