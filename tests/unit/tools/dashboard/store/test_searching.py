"""Finding traces and logs."""

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ramet.tools.dashboard.store import LogSearch, Store, TraceSearch
from tests.unit.tools.dashboard.telemetry import CLIENT, MS, SECOND, SERVER, log, span, write


def found(store, **search):
    return [row.operation for row in store.traces(TraceSearch(**search))]


@pytest.fixture
def traces(store):
    """Three traces, a second apart: a purchase, a failed one of bob, and a slow list."""
    now = time.time_ns()
    buy = span(name="POST /orders/", start=now - 3 * SECOND, attributes={"app.order_id": "a-1"})
    reserve = span(parent=buy, name="products.v1.Products/reserve", service="products", kind=CLIENT)
    failed = span(name="POST /orders/", start=now - 2 * SECOND, user="bob")
    refused = span(parent=failed, name="capture", service="payments", status=2)
    listed = span(
        name="GET /orders/", start=now - SECOND, duration=900 * MS, attributes={"app.size": 20}
    )
    write(store, reserve, buy, failed, refused, listed)
    return buy, failed, listed


def test_the_latest_trace_comes_first_with_what_its_spans_say(store, traces):
    rows = store.traces()
    assert [row.operation for row in rows] == ["GET /orders/", "POST /orders/", "POST /orders/"]
    row = rows[2]
    assert (row.service, row.spans, row.errors, row.rooted) == ("orders", 2, 0, True)
    assert row.services == ("orders", "products")
    assert row.duration == 10 * MS
    assert row.trace_id == traces[0].trace_id.hex()
    assert rows[1].errors == 1
    assert rows[1].user == "bob"


@pytest.mark.parametrize(
    ("search", "number"),
    [
        ({"service": "payments"}, 1),
        ({"service": "users"}, 0),
        ({"operation": "products/RESERVE"}, 1),
        ({"operation": "%"}, 0),
        ({"status": "error"}, 1),
        ({"status": "ok"}, 2),
        ({"min_duration": 500 * MS}, 1),
        ({"max_duration": 500 * MS}, 2),
        ({"user": "bob"}, 1),
        ({"attributes": (("app.order_id", "a-1"),)}, 1),
        ({"attributes": (("app.order_id", "a"),)}, 0),
        ({"attributes": (("app.size", "20"),)}, 1),
        ({"attributes": (('app."', "20"),)}, 0),
        ({"service": "products", "attributes": (("app.order_id", "a-1"),)}, 0),
        ({"service": "orders", "attributes": (("app.order_id", "a-1"),)}, 1),
        ({"limit": 2}, 2),
    ],
)
def test_a_search_finds_what_meets_all_its_conditions(store, traces, search, number):
    assert len(store.traces(TraceSearch(**search))) == number


texts = st.text(max_size=20) | st.sampled_from(["9" * 30, "1e999", "NaN", "\0", "[", "\\", "%"])
numbers = st.none() | st.integers(-(2**80), 2**80)


@given(
    text=texts,
    key=texts,
    before=st.none() | texts | st.from_regex(r"[0-9]+-[0-9]+", fullmatch=True),
    number=numbers,
    other=numbers,
)
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_is_searched_for_is_answered(some_store, text, key, before, number, other):
    # One condition at a time: SQLite does not look at the others once one is false.
    for search in (
        {"service": text},
        {"operation": text * 3_000},
        {"user": text, "status": text},
        {"attributes": ((key, text),)},
        {"min_duration": number, "until": number},
        {"since": other, "limit": number or 0},
        {"before": before},
    ):
        some_store.traces(TraceSearch(**search))
    for search in (
        {"text": text * 3_000},
        {"level": text, "trace_id": text},
        {"before": other, "until": number},
    ):
        some_store.logs(LogSearch(**search))
    some_store.logs_after(number or 0)
    assert some_store.trace(text) is None


@pytest.fixture(scope="module")
def some_store(tmp_path_factory):
    store = Store.open(tmp_path_factory.mktemp("store") / "telemetry.db")
    write(store, span(), log())
    yield store
    store.close()


def test_times_bound_a_search(store, traces):
    start = traces[1].start
    assert found(store, since=start) == ["GET /orders/", "POST /orders/"]
    assert found(store, until=start) == ["POST /orders/"]


def test_pages_follow_each_other_without_gap_or_repetition(store):
    moment = time.time_ns()
    write(store, *(span(name=str(i), start=moment + i // 2) for i in range(7)))
    seen, before = [], None
    while page := store.traces(TraceSearch(limit=2, before=before)):
        seen += [row.operation for row in page]
        before = page[-1].cursor
    assert sorted(seen) == [str(i) for i in range(7)]
    assert store.traces(TraceSearch(before="nonsense")) == []


def test_the_root_names_its_trace_whenever_it_arrives(store):
    root = span(name="root", duration=50 * MS)
    child = span(parent=root, name="child", start=root.start - 5 * MS)
    write(store, child)
    (row,) = store.traces()
    assert (row.operation, row.rooted) == ("child", False)
    write(store, root)
    (row,) = store.traces()
    assert (row.operation, row.rooted, row.start) == ("root", True, child.start)
    write(store, span(parent=root, name="later"))
    assert store.traces()[0].operation == "root"


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_a_trace_behind_a_proxy_is_named_by_the_view(store, order):
    gateway = span(service="gateway", name="POST")
    view = span(parent=gateway, kind=SERVER, service="orders", name="POST /api/v1/orders/")
    later = span(parent=view, kind=SERVER, service="products", name="reserve", start=view.start + 1)
    sent = [gateway, view, later]
    for number in order:
        write(store, sent[number])
    (row,) = store.traces()
    assert (row.service, row.operation) == ("gateway", "POST /api/v1/orders/")


def test_a_trace_grows_with_every_span_that_arrives(store):
    root = span(duration=10 * MS)
    write(store, root)
    write(store, span(parent=root, start=root.start + SECOND, status=2, user="bob"))
    write(store, span(parent=root))
    (row,) = store.traces(TraceSearch(user="bob", status="error"))
    assert (row.duration, row.spans, row.errors) == (SECOND + 10 * MS, 3, 1)


def test_a_span_that_is_sent_twice_counts_once(store):
    one = span()
    write(store, one, one)
    write(store, one, span(parent=one))
    (row,) = store.traces()
    assert row.spans == 2
    assert store.kept().spans == 2
    assert store.operations(one.start, one.start + 1)[0].calls == 1


def test_services_are_those_that_were_heard_of(store, traces):
    write(store, log(service="users"))
    assert store.services() == ["orders", "payments", "products", "users"]


def test_logs_are_found_by_level_text_service_and_trace(store):
    one = span()
    write(
        store,
        log("an order was placed", attributes='{"order":"a-1"}', resource='{"process.pid":7}'),
        log("the card was refused", severity=17, service="payments", trace_id=one.trace_id),
        log("100% done", severity=5),
        log("no level", severity=0),
    )

    def texts(**search):
        return [row.text for row in store.logs(LogSearch(**search))]

    everything = ["no level", "100% done", "the card was refused", "an order was placed"]
    assert texts() == everything
    assert texts(level="trace") == everything
    assert texts(level="info") == ["no level", "the card was refused", "an order was placed"]
    assert texts(level="error") == ["the card was refused"]
    assert texts(service="payments") == ["the card was refused"]
    assert texts(text="ORDER") == ["an order was placed"]
    assert texts(text="0%") == ["100% done"]
    assert texts(trace_id=one.trace_id.hex()) == ["the card was refused"]
    assert texts(trace_id="nonsense") == []
    row = store.logs()[3]
    assert (row.level, row.attributes, row.resource) == (
        "info",
        {"order": "a-1"},
        {"process.pid": 7},
    )
    assert store.logs()[2].level == "error"
    assert store.logs()[2].trace_id == one.trace_id.hex()


def test_logs_come_in_pages_and_live(store):
    write(store, *(log(str(i)) for i in range(5)))
    first = store.logs(LogSearch(limit=2))
    assert [row.text for row in first] == ["4", "3"]
    second = store.logs(LogSearch(limit=10, before=first[-1].id))
    assert [row.text for row in second] == ["2", "1", "0"]
    assert store.logs_after(first[0].id) == []
    write(store, log("5"), log("6", service="users"))
    assert [row.text for row in store.logs_after(first[0].id)] == ["5", "6"]
    assert [row.text for row in store.logs_after(first[0].id, LogSearch(service="users"))] == ["6"]
