"""The map: who used what, whichever span tells it and in whatever order they come."""

import time

import pytest

from ramet.tools.dashboard.store import Store, pairing
from tests.unit.tools.dashboard.telemetry import (
    CLIENT,
    CONSUMER,
    MINUTE,
    MS,
    PRODUCER,
    SERVER,
    span,
    write,
)


def edges(store, since=None):
    now = time.time_ns()
    found = store.map(since or now - 5 * MINUTE, now + MINUTE)
    return {(edge.source, edge.target): (edge.calls, edge.errors) for edge in found.edges}


def nodes(store):
    now = time.time_ns()
    return {node.key: node for node in store.map(now - 5 * MINUTE, now + MINUTE).nodes}


def test_each_span_tells_its_edge(store):
    root = span()
    call = {"kind": CLIENT, "peer_kind": "service", "peer": "products"}
    event = {"peer_kind": "event", "peer": "orders.OrderPlaced.v1"}
    write(
        store,
        root,
        span(parent=root, **call),
        span(parent=root, **call, status=2),
        span(parent=root, kind=CLIENT, peer_kind="database", peer="postgresql/orders"),
        span(parent=root, kind=CLIENT, peer_kind="external", peer="api.example.com"),
        span(parent=root, kind=PRODUCER, **event),
        span(parent=root, service="users", kind=CONSUMER, **event),
    )
    assert edges(store) == {
        ("service:orders", "service:products"): (2, 1),
        ("service:orders", "database:postgresql/orders"): (1, 0),
        ("service:orders", "external:api.example.com"): (1, 0),
        ("service:orders", "event:orders.OrderPlaced.v1"): (1, 0),
        ("event:orders.OrderPlaced.v1", "service:users"): (1, 0),
    }
    found = nodes(store)
    assert (found["service:orders"].requests, found["service:users"].requests) == (1, 1)
    assert (found["service:products"].requests, found["service:products"].kind) == (0, "service")
    assert found["database:postgresql/orders"].requests == 1
    assert found["event:orders.OrderPlaced.v1"].requests == 1


def test_quantiles_are_right_to_five_percent(store):
    root = span()
    calls = [
        span(parent=root, kind=CLIENT, peer_kind="service", peer="x", duration=n * MS)
        for n in range(1, 1_001)
    ]
    write(store, root, *calls)
    now = time.time_ns()
    (edge,) = store.map(now - MINUTE, now).edges
    assert edge.p50 == pytest.approx(500 * MS, rel=0.05)
    assert edge.p95 == pytest.approx(950 * MS, rel=0.05)


def test_a_sampled_span_counts_for_all_that_it_stands_for(store):
    write(store, span(kind=CLIENT, peer_kind="service", peer="x", weight=4.0))
    assert edges(store) == {("service:orders", "service:x"): (4, 0)}


def test_examples_are_traces_that_are_here_and_show_a_failure_first(store, path):
    call = {"kind": CLIENT, "peer_kind": "service", "peer": "x"}
    good, slow, bad = span(**call), span(**call, duration=900 * MS), span(**call, status=2)
    write(store, good, bad, slow)
    now = time.time_ns()
    (edge,) = store.map(now - MINUTE, now).edges
    assert edge.traces[0] == bad.trace_id.hex()
    assert set(edge.traces) == {one.trace_id.hex() for one in (good, slow, bad)}


def http_pair(**client):
    """A call of a program that only knows an address, and the span of who answered."""
    root = span(service="web", name="root")
    call = span(parent=root, kind=CLIENT, duration=30 * MS, **client)
    return root, call, span(parent=call, service="billing", kind=SERVER, duration=20 * MS)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (2, 0, 1), (1, 2, 0)])
@pytest.mark.parametrize("client", [{}, {"peer_kind": "external", "peer": "localhost:9000"}])
def test_two_spans_that_name_nobody_are_paired_in_any_order(store, order, client):
    sent = http_pair(**client)
    for number in order:
        write(store, sent[number])
    assert edges(store) == {("service:web", "service:billing"): (1, 0)}
    now = time.time_ns()
    (row,) = store.edge("service:web", "service:billing", now - MINUTE, now)
    assert row.trace_id == sent[0].trace_id.hex()
    # What the caller waited for, not what the callee took.
    (edge,) = store.map(now - MINUTE, now).edges
    assert edge.p50 == pytest.approx(30 * MS, rel=0.05)


def test_two_spans_that_come_together_are_paired(store):
    write(store, *http_pair(peer_kind="external", peer="localhost:9000"))
    assert edges(store) == {("service:web", "service:billing"): (1, 0)}


def test_a_call_that_was_tried_again_counts_once(store):
    root, call, served = http_pair()
    again = span(parent=call, service="billing", kind=SERVER)
    write(store, served, again)
    write(store, root, call)
    assert edges(store) == {("service:web", "service:billing"): (1, 0)}


def test_a_call_that_names_its_callee_is_not_counted_again_for_the_callees_span(store):
    root, call, served = http_pair(peer_kind="service", peer="billing")
    write(store, root, call, served)
    assert edges(store) == {("service:web", "service:billing"): (1, 0)}


@pytest.mark.parametrize("backwards", [False, True])
def test_a_proxy_of_one_span_and_a_mesh_in_between_are_seen_through(store, backwards):
    gateway = span(service="gateway", kind=SERVER)
    mesh = span(parent=gateway, service="mesh", kind=SERVER)
    view = span(parent=mesh, service="orders", kind=SERVER)
    sent = [gateway, mesh, view]
    for each in reversed(sent) if backwards else sent:
        write(store, each)
    assert edges(store) == {("service:gateway", "service:orders"): (1, 0)}
    now = time.time_ns()
    assert len(store.edge("service:gateway", "service:orders", now - MINUTE, now)) == 1
    assert "service:mesh" not in nodes(store)


def test_an_edge_lists_its_traces_only(store):
    event = {"peer_kind": "event", "peer": "placed"}
    publish = span(kind=PRODUCER, **event)
    handled = span(service="users", kind=CONSUMER, **event)
    query = span(kind=CLIENT, peer_kind="database", peer="postgresql/orders")
    write(store, publish, handled, query)
    now = time.time_ns()

    def traces(source, target):
        return [row.trace_id for row in store.edge(source, target, now - MINUTE, now)]

    assert traces("service:orders", "event:placed") == [publish.trace_id.hex()]
    assert traces("event:placed", "service:users") == [handled.trace_id.hex()]
    assert traces("service:orders", "database:postgresql/orders") == [query.trace_id.hex()]
    assert traces("service:users", "event:placed") == []


def test_the_window_is_whole_minutes(store):
    old = span(kind=CLIENT, peer_kind="service", peer="x", start=time.time_ns() - 10 * MINUTE)
    write(store, old)
    assert edges(store) == {}
    since = old.start
    assert store.map(since, since + 1).edges
    window = store.map(since, since + 1)
    assert (window.since % MINUTE, window.seconds) == (0, 60)
    assert window.since <= since < window.until


def test_names_without_end_are_counted_together(path, monkeypatch):
    monkeypatch.setattr("ramet.tools.dashboard.store.minutes.NAMES", 3)
    monkeypatch.setattr("ramet.tools.dashboard.store.minutes.SERVICES", 2)
    store = Store.open(path)
    for number in range(10):
        peer = {"kind": CLIENT, "peer_kind": "external", "peer": f"host-{number}"}
        write(store, span(name=f"GET /{number}"), span(**peer, name=f"GET /{number}"))
    for number in range(4):
        write(store, span(service=f"service-{number}"))
    now = time.time_ns()
    rows = store.operations(now - MINUTE, now)
    names = {(row.service, row.operation, row.kind): row.calls for row in rows}
    assert names["orders", "(others)", "server"] == 7
    assert names["(others)", "(others)", "server"] == 3
    assert edges(store)["service:orders", "external:(others)"] == (7, 0)
    store.close()


def test_spans_without_end_do_not_wait_for_one_parent(store, monkeypatch):
    # Such as a load test that sends the same traceparent with each request.
    monkeypatch.setattr(pairing, "TOGETHER", 3)
    proxy = span(service="proxy")
    write(store, *(span(parent=proxy, service="shop", kind=SERVER) for _ in range(10)))
    write(store, proxy)
    assert edges(store) == {("service:proxy", "service:shop"): (3, 0)}


def test_lists_have_the_services_heard_of_last_and_it_is_told_that_there_are_more(store):
    write(store, span(service="orders"))
    for number in range(3):
        write(store, *(span(service=f"lambda-{number}-{each}") for each in range(100)))
        write(store, span(service="orders"))
    assert len(store.services()) == 200
    assert "orders" in store.services()
    told = {loss.reason: loss.count for loss in store.kept().losses}
    assert told["services-not-listed"] >= 101
    assert told["names-beyond-limit"] >= 101  # on the map they are one
    assert store.kept().spans == 304
