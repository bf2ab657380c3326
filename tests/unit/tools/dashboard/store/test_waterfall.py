"""One trace as a page shows it, whole or broken."""

import json

from tests.unit.tools.dashboard.telemetry import (
    CLIENT,
    CONSUMER,
    MS,
    PRODUCER,
    SECOND,
    SERVER,
    log,
    span,
    write,
)


def lines(store, one, **options):
    trace = store.trace(one.trace_id.hex(), **options)
    return [(each.depth, each.operation) for each in trace.spans]


def test_a_trace_that_is_not_here_is_none(store):
    assert store.trace("0" * 32) is None
    assert store.trace("nonsense") is None


def test_children_stand_below_their_parent_in_order_of_time(store):
    root = span(name="root", duration=100 * MS)
    second = span(parent=root, name="second", start=root.start + 50 * MS)
    first = span(parent=root, name="first", start=root.start + 10 * MS)
    within = span(parent=first, name="within", start=root.start + 12 * MS, duration=5 * MS)
    write(store, second, within, root, first)
    assert lines(store, root) == [(0, "root"), (1, "first"), (2, "within"), (1, "second")]
    trace = store.trace(root.trace_id.hex())
    assert (trace.service, trace.operation) == ("orders", "root")
    assert (trace.start, trace.duration) == (root.start, 100 * MS)
    assert [each.self_time for each in trace.spans] == [80 * MS, 5 * MS, 5 * MS, 10 * MS]


def test_a_span_tells_what_its_sender_said(store):
    root = span(
        name="root",
        status=2,
        message="it broke",
        place="shop/orders/views.py:12",
        attributes={"app.order_id": "a-1"},
        events=json.dumps([[1, "exception", {"exception.type": "ValueError"}]]),
        links=json.dumps([["ab" * 16, "cd" * 8, {}]]),
        resource={"service.name": "orders", "process.pid": 7},
    )
    query = span(parent=root, kind=CLIENT, peer_kind="database", peer="postgresql/orders")
    write(store, root, query, log("within", trace_id=root.trace_id, span_id=root.span_id))
    write(store, log("beside", trace_id=root.trace_id, span_id=b"12345678"))
    trace = store.trace(root.trace_id.hex())
    one = trace.spans[0]
    assert (one.kind, one.status, one.message, one.work) == ("server", "error", "it broke", "own")
    assert one.place == "shop/orders/views.py:12"
    assert one.attributes == {"app.order_id": "a-1"}
    assert one.resource["process.pid"] == 7
    assert one.events[0].attributes == {"exception.type": "ValueError"}
    assert (one.links[0].trace_id, one.links[0].span_id) == ("ab" * 16, "cd" * 8)
    assert [row.text for row in one.logs] == ["within"]
    assert [row.text for row in trace.logs] == ["beside"]
    assert trace.spans[1].work == "sql"


def test_a_span_without_its_parent_is_shown_and_told(store):
    root = span(name="root")
    lost = span(parent=root)
    orphan = span(parent=lost, name="orphan", start=root.start + MS)
    write(store, root, orphan)
    assert lines(store, root) == [(0, "root"), (0, "orphan")]
    trace = store.trace(root.trace_id.hex())
    assert trace.missing_parents == 1
    assert [each.parent_missing for each in trace.spans] == [False, True]


def test_a_circle_of_parents_is_cut_and_told(store):
    root = span(name="root")
    one = span(parent=root, name="one")
    two = span(parent=one, name="two", start=one.start + MS)
    itself = span(parent=root, name="itself", start=one.start + 2 * MS)
    write(
        store,
        root,
        one._replace(parent_id=two.span_id),
        two,
        itself._replace(parent_id=itself.span_id),
    )
    assert lines(store, root) == [(0, "root"), (0, "one"), (1, "two"), (0, "itself")]
    assert store.trace(root.trace_id.hex()).cycles == 2


def test_a_chain_as_long_as_a_trace_is_no_recursion(store):
    chain = [span(duration=SECOND)]
    for _ in range(1_999):
        chain.append(span(parent=chain[-1], duration=SECOND))
    write(store, *chain)
    trace = store.trace(chain[0].trace_id.hex())
    assert trace.spans[-1].depth == 1_999
    assert [segment.span_id for segment in trace.critical_path] == [chain[-1].span_id.hex()]


def test_what_is_over_the_limit_is_told(store):
    root = span()
    write(store, root, *(span(parent=root, start=root.start + i) for i in range(1, 10)))
    trace = store.trace(root.trace_id.hex(), limit=4)
    assert (len(trace.spans), trace.left_out) == (4, 6)


def test_a_clock_that_is_behind_is_corrected_with_all_that_it_timed(store):
    call = span(kind=CLIENT, duration=20 * MS)
    served = span(
        parent=call,
        service="products",
        kind=SERVER,
        start=call.start - 3 * SECOND,
        duration=10 * MS,
    )
    query = span(parent=served, start=served.start + 2 * MS, duration=MS)
    write(store, call, served, query)
    _, one, two = store.trace(call.trace_id.hex()).spans
    assert one.start == call.start + 5 * MS
    assert one.shift == two.shift == 3 * SECOND + 5 * MS
    assert two.start == one.start + 2 * MS


def test_a_server_that_goes_on_after_its_caller_gave_up_is_not_moved(store):
    call = span(kind=CLIENT, duration=20 * MS, status=2)
    served = span(parent=call, service="products", kind=SERVER, duration=SECOND)
    write(store, call, served)
    assert store.trace(call.trace_id.hex()).spans[1].shift == 0


def path(store, root):
    trace = store.trace(root.trace_id.hex())
    names = {each.span_id: each.operation for each in trace.spans}
    return [
        (names[each.span_id], (each.start - root.start) // MS, (each.end - root.start) // MS)
        for each in trace.critical_path
    ]


def test_the_critical_path_goes_through_what_finished_last(store):
    root = span(name="root", duration=100 * MS)
    at = root.start
    quick = span(parent=root, name="quick", start=at + 10 * MS, duration=10 * MS)
    slow = span(parent=root, name="slow", start=at + 10 * MS, duration=40 * MS)
    last = span(parent=root, name="last", start=at + 60 * MS, duration=30 * MS, service="payments")
    query = span(parent=last, name="query", start=at + 70 * MS, duration=15 * MS)
    write(store, root, quick, slow, last, query)
    assert path(store, root) == [
        ("root", 0, 10),
        ("slow", 10, 50),
        ("root", 50, 60),
        ("last", 60, 70),
        ("query", 70, 85),
        ("last", 85, 90),
        ("root", 90, 100),
    ]
    trace = store.trace(root.trace_id.hex())
    shares = [
        (share.name, share.duration // MS, round(share.part, 2)) for share in trace.by_service
    ]
    assert shares == [("orders", 70, 0.7), ("payments", 30, 0.3)]
    critical = {each.operation: len(each.critical) for each in trace.spans}
    assert critical == {"root": 3, "quick": 0, "slow": 1, "last": 2, "query": 1}


def test_what_is_not_waited_for_is_no_part_of_the_critical_path(store):
    root = span(name="root", duration=100 * MS)
    at = root.start
    publish = span(parent=root, name="publish", kind=PRODUCER, start=at + 10 * MS, duration=5 * MS)
    handled = span(parent=publish, name="handled", kind=CONSUMER, start=at + 12 * MS)
    sent = span(parent=publish, name="sent", start=at + 11 * MS, duration=MS)
    linked = json.dumps([[root.trace_id.hex(), root.span_id.hex(), {}]])
    step = span(parent=root, name="step", start=at + 90 * MS, duration=50 * MS, links=linked)
    later = span(parent=root, name="later", start=at + 300 * MS)
    write(store, root, publish, handled, sent, step, later)
    assert path(store, root) == [("root", 0, 10), ("publish", 10, 15), ("root", 15, 100)]
    trace = store.trace(root.trace_id.hex())
    asynchronous = {each.operation for each in trace.spans if each.asynchronous}
    assert asynchronous == {"handled", "sent", "step", "later"}
    # Each such part has a path of its own.
    assert all(each.critical for each in trace.spans)


def test_a_child_that_outlives_its_parent_counts_until_the_parents_end(store):
    root = span(name="root", kind=CLIENT, duration=20 * MS, status=2)
    child = span(parent=root, name="child", start=root.start + 5 * MS, duration=SECOND)
    write(store, root, child)
    assert path(store, root) == [("root", 0, 5), ("child", 5, 20)]
