"""Searches find what spans say by reading few of them, however many are kept."""

import time

import pytest

from ramet.tools.dashboard.store import Limits, Store, TraceSearch
from ramet.tools.dashboard.store.files import connect_to_read
from ramet.tools.dashboard.store.flows import read_edge
from ramet.tools.dashboard.store.searching import find_traces
from tests.unit.tools.dashboard.telemetry import CLIENT, SECOND, SERVER, span, write


def found(store, key, text):
    return len(store.traces(TraceSearch(attributes=((key, text),))))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("94b8", "94b8"),
        ("", ""),
        ("Ünï\ud7ff", "Ünï\ud7ff"),
        ("20", "20"),
        (20, "20"),
        (-1, "-1"),
        (1.5, "1.5"),
        (2.0, "2"),
        (2.0, "2.0"),
        (2, "2.0"),
        (10**15, "1e15"),
        (True, "true"),
        (False, "false"),
        (["a", 1], '["a",1]'),
        ({"a": None}, '{"a":null}'),
        ("x" * 200, "x" * 200),
        ("x" * 201, "x" * 201),
        ("x" * 5_000, "x" * 5_000),
    ],
)
def test_an_attribute_is_found_by_what_the_page_shows_of_it(store, value, text):
    write(store, span(attributes={"app.one": value}), span(attributes={"app.two": value}), span())
    assert found(store, "app.one", text) == 1
    assert found(store, "app.one", text + "9") == 0


def test_facts_that_share_their_bits_give_no_wrong_answer(store, monkeypatch):
    monkeypatch.setattr("ramet.tools.dashboard.store.facts.crc32", lambda *_: 7)
    write(store, span(attributes={"app.id": "a"}), span(attributes={"app.id": "b"}))
    assert found(store, "app.id", "a") == 1
    assert found(store, "app.id", "c") == 0


def test_all_that_is_asked_for_must_be_said_by_one_span_of_what_many_have(store, monkeypatch):
    monkeypatch.setattr("ramet.tools.dashboard.store.facts.FEW", 2)
    for _ in range(5):
        root = span(attributes={"app.a": 1, "app.b": 1})
        write(store, root, span(parent=root, service="users", attributes={"app.a": 1, "app.c": 1}))
    both = TraceSearch(service="users", attributes=(("app.a", "1"), ("app.c", "1")))
    assert len(store.traces(both)) == 5
    apart = TraceSearch(service="users", attributes=(("app.a", "1"), ("app.b", "1")))
    assert store.traces(apart) == []


def test_spans_that_come_after_their_trace_are_found_too(store):
    root = span()
    write(store, root)
    write(store, span(parent=root, service="late", attributes={"app.id": "z"}))
    assert found(store, "app.id", "z") == 1
    assert len(store.traces(TraceSearch(service="late"))) == 1


def test_facts_go_with_their_traces(tmp_path):
    store = Store.open(tmp_path / "telemetry.db", Limits(spans=200))
    for number in range(60):
        write(store, *(span(attributes={"app.n": number * 20 + one}) for one in range(20)))
    assert found(store, "app.n", "3") == 0
    assert found(store, "app.n", "1199") == 1
    [(old,)] = store.query("SELECT count(*) FROM facts WHERE trace < (SELECT min(id) FROM traces)")
    [(kept,)] = store.query("SELECT count(*) FROM facts")
    store.close()
    assert old <= kept / 2


def purchases(number):
    for _ in range(number):
        root = span(kind=SERVER, attributes={"http.request.method": "POST"})
        yield root
        asked = {"kind": CLIENT, "peer_kind": "service", "peer": "products"}
        yield span(parent=root, attributes={"app.id": str(id(root))}, **asked)
        for _ in range(4):
            yield span(parent=root, kind=CLIENT, peer_kind="database", peer="postgresql/orders")


SEARCHES = {
    "nobody's id": TraceSearch(attributes=(("app.id", "none"),)),
    "nobody's service": TraceSearch(service="none"),
    "what many say": TraceSearch(attributes=(("http.request.method", "POST"),), limit=20),
    "what many say with a service": TraceSearch(
        service="orders", attributes=(("http.request.method", "POST"),), limit=20
    ),
    "a service of all": TraceSearch(service="orders", limit=20),
}


def steps(path, ask):
    """How many instructions SQLite takes, in hundreds."""
    connection = connect_to_read(path)
    taken = []
    connection.set_progress_handler(lambda: taken.append(1), 100)
    ask(connection)
    connection.close()
    return len(taken)


def test_ten_times_the_spans_are_no_more_work_to_search(tmp_path, monkeypatch):
    monkeypatch.setattr("ramet.tools.dashboard.store.facts.FEW", 50)
    work = {}
    for number in (200, 2_000):
        path = tmp_path / f"{number}.db"
        store = Store.open(path)
        write(store, *purchases(number))
        now = time.time_ns()
        hour = now - 3_600 * SECOND
        work[number] = {
            name: steps(path, lambda connection, search=search: find_traces(connection, search))
            for name, search in SEARCHES.items()
        } | {
            "an edge": steps(
                path,
                lambda connection, since=hour, until=now: read_edge(
                    connection, "service:orders", "service:products", since, until, 20
                ),
            )
        }
        store.close()
    for name, few in work[200].items():
        assert work[2_000][name] <= 2 * few + 50, (name, work)
