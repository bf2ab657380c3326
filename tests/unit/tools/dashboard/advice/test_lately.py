"""Advice reads the spans once, and is no older than what the store says."""

import pytest

from ramet.tools.dashboard import advice
from ramet.tools.dashboard.advice import lately
from ramet.tools.dashboard.store import Store
from tests.unit.tools.dashboard.telemetry import CLIENT, MS, span, write


@pytest.fixture
def store(tmp_path):
    opened = Store.open(tmp_path / "telemetry.db")
    yield opened
    opened.close()


def without_deadline(number):
    for _ in range(number):
        root = span()
        yield root
        yield span(parent=root, kind=CLIENT, peer_kind="service", peer="products", duration=2 * MS)


def test_who_asks_within_a_second_gets_the_same_answer_and_after_it_a_new_one(store, monkeypatch):
    now = 100.0
    monkeypatch.setattr(lately.time, "monotonic", lambda: now)
    asked = advice.Lately(store)
    nothing, declared = advice.Declared(), advice.Declared(frozenset({"others"}))
    assert asked.findings(nothing) == []
    write(store, *without_deadline(30))
    now += 0.9
    assert asked.findings(nothing) == []
    assert asked.findings(declared) == []
    now += 1
    assert [found.kind for found in asked.findings(nothing)] == ["no-deadline"]


def test_the_spans_are_read_once_whatever_is_found(store, monkeypatch):
    write(store, *without_deadline(30))
    copied = []
    monkeypatch.setattr(
        Store, "copied", lambda *given, of=Store.copied: copied.append(1) or of(*given)
    )
    queries = []
    monkeypatch.setattr(
        Store,
        "query",
        lambda self, sql, *given, of=Store.query: queries.append(sql) or of(self, sql, *given),
    )
    assert advice.findings(store)
    assert copied == [1]
    assert len(queries) == 2, queries  # the last span's id, and how many traces there are
