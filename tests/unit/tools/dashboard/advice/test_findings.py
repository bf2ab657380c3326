"""What is advised, on what evidence, and what is not."""

import pytest

from ramet.tools.dashboard import advice
from ramet.tools.dashboard.store import Store
from tests.unit.tools.dashboard.telemetry import (
    CLIENT,
    CONSUMER,
    INTERNAL,
    MS,
    SECOND,
    SERVER,
    span,
    write,
)


@pytest.fixture
def store(tmp_path):
    opened = Store.open(tmp_path / "telemetry.db")
    yield opened
    opened.close()


def call(parent, callee="products", **given):
    """A call of `get` with a deadline, from different lines."""
    said = {"ramet.deadline_ms": 500} | given.pop("attributes", {})
    values = {"name": "products.v1.Products/get", "duration": 2 * MS, "attributes": said} | given
    return span(parent=parent, kind=CLIENT, peer_kind="service", peer=callee, **values)


def query(parent, **given):
    values = {"name": "SELECT orders_order", "duration": MS, "place": "shop/orders/views.py:7"}
    peer = {"peer_kind": "database", "peer": "postgresql/orders"}
    return span(parent=parent, kind=CLIENT, **peer, **values | given)


def views(number, **given):
    return [span(name="GET /orders/", **given) for _ in range(number)]


def found(store, kind, declared=None):
    everything = advice.findings(store, declared or advice.Declared())
    return [finding for finding in everything if finding.kind == kind]


def kinds(store):
    return [finding.kind for finding in advice.findings(store)]


def test_nothing_is_said_of_ordinary_traces(store):
    for root in views(60):
        write(store, root, query(root), call(root), query(root, name="INSERT orders_order"))
    assert kinds(store) == []


def test_nothing_is_said_on_fewer_than_twenty_traces(store):
    def busy():
        for root in views(1):
            write(store, root, *(query(root) for _ in range(50)))

    for _ in range(19):
        busy()
    assert kinds(store) == []
    busy()
    assert kinds(store) == ["repeated-query"]


def test_a_pair_that_talks_too_much_should_be_one_service(store):
    for root in views(30):
        calls = (call(root, place=f"shop/orders/views.py:{line}") for line in range(8))
        write(store, root, *calls)
    for root in views(10):
        write(store, root)
    (finding,) = found(store, "chatty-pair")
    assert finding.subject == "orders -> products"
    assert finding.sentence == (
        "orders calls products in 75% of its traces, 8.0 times each, and waits 16 ms for it."
    )
    assert finding.counts["traces"] == 30
    assert finding.counts["calls"] == 240
    assert finding.cost == 240 * 2 * MS
    assert len(finding.traces) == 5
    assert store.trace(finding.traces[0]).spans
    assert found(store, "chatty-pair", advice.Declared(services=frozenset({"orders"}))) == []


def test_a_pair_that_talks_much_seldom_is_left_alone(store):
    for root in views(25):
        write(store, root, *(call(root, place=f"views.py:{line}") for line in range(8)))
    for root in views(50):
        write(store, root)
    assert found(store, "chatty-pair") == []


def test_a_query_for_each_row_is_told_with_its_line(store):
    for root in views(20):
        write(store, root, *(query(root) for _ in range(12)))
    (finding,) = found(store, "repeated-query")
    assert finding.subject == "orders: SELECT orders_order"
    assert finding.places == ("shop/orders/views.py:7",)
    assert "12.0 times within GET /orders/, 12 times at most, in 20 traces" in finding.sentence
    assert "prefetch_related" in finding.remedy
    assert finding.cost == 20 * 12 * MS


def test_different_queries_and_different_lines_are_no_repetition(store):
    for root in views(20):
        lines = [query(root, place=f"shop/orders/views.py:{line}") for line in range(12)]
        names = [query(root, name=f"SELECT table_{number}") for number in range(12)]
        texts = [
            query(root, place=None, attributes={"db.query.text": f"SELECT {number}"})
            for number in range(12)
        ]
        ours = [query(root, name="SELECT ramet_events_outbox") for _ in range(12)]
        write(store, root, *lines, *names, *texts, *ours)
    assert kinds(store) == []


def test_a_call_by_the_same_line_again_and_again_is_a_loop(store):
    for root in views(20):
        write(store, root, *(call(root, place="shop/orders/views.py:9") for _ in range(6)))
    (finding,) = found(store, "call-in-loop")
    assert finding.places == ("shop/orders/views.py:9",)
    assert finding.sentence.startswith(
        "products.v1.Products/get is called by the same line, shop/orders/views.py:9, 6.0 times"
    )
    assert "list" in finding.remedy


def test_a_repeated_call_of_a_program_that_tells_no_line_is_told_as_that(store):
    for root in views(20):
        write(store, root, *(call(root) for _ in range(6)))
    (finding,) = found(store, "repeated-call")
    assert finding.places == ()


def test_a_call_within_a_transaction_is_told_with_its_line(store):
    inside = {"ramet.in_transaction": True}
    for root in views(20):
        write(store, root, call(root, attributes=inside, place="shop/orders/services.py:3"))
    (finding,) = found(store, "call-in-transaction")
    assert finding.places == ("shop/orders/services.py:3",)
    assert "20 times in 20 traces" in finding.sentence
    assert finding.cost == 20 * 2 * MS
    assert len(finding.traces) == 5


def test_a_call_without_a_deadline_is_told(store):
    for root in views(20):
        write(store, root, call(root, attributes={"ramet.deadline_ms": None}, place="a.py:1"))
    (finding,) = found(store, "no-deadline")
    assert finding.subject == "orders -> products: products.v1.Products/get"
    assert finding.places == ("a.py:1",)
    declared = advice.Declared(deadlines={"products.v1.Products/get": 500})
    assert found(store, "no-deadline", declared) == []


def test_a_deadline_that_is_often_missed_is_told(store):
    late = {"rpc.response.status_code": "deadline_exceeded"}
    for number, root in enumerate(views(50)):
        write(store, root, call(root, attributes=late if number % 5 == 0 else {}))
    (finding,) = found(store, "deadline-missed")
    assert "10 of 50 calls of products.v1.Products/get by orders (20%)" in finding.sentence
    assert "500 ms" in finding.sentence
    assert len(finding.traces) == 5


def test_a_deadline_that_is_seldom_missed_is_left_alone(store):
    late = {"rpc.response.status_code": "deadline_exceeded"}
    for number, root in enumerate(views(60)):
        write(store, root, call(root, attributes=late if number < 2 else {}))
    assert kinds(store) == []


def handled(**given):
    event = {"kind": CONSUMER, "peer_kind": "event", "peer": "orders.OrderPlaced.v1"}
    return span(service="users", name="process orders.OrderPlaced.v1", **event | given)


def test_a_slow_handler_is_told(store):
    write(store, *(handled(duration=3 * SECOND if n % 10 == 0 else MS) for n in range(40)))
    (finding,) = found(store, "slow-handler")
    assert finding.subject == "users: process orders.OrderPlaced.v1"
    assert finding.sentence.startswith("4 of 40 runs")
    assert "longer than 1 s, the longest 3 s" in finding.sentence
    assert len(finding.traces) == 4


def test_a_task_may_take_long(store):
    write(store, *(handled(peer_kind="task", duration=3 * SECOND) for _ in range(40)))
    assert kinds(store) == []


def test_what_is_often_tried_again_is_told(store):
    runs = [handled(attributes={"ramet.attempt": 1 + (n % 4 == 0) * 2}) for n in range(40)]
    steps = [span(name="PlaceOrder.reserve", kind=INTERNAL, attributes={"ramet.attempt": 1})] * 30
    write(store, *runs, *steps)
    (finding,) = found(store, "retries")
    assert finding.subject == "users: process orders.OrderPlaced.v1"
    assert "10 of 40 runs" in finding.sentence
    assert finding.counts["most attempts"] == 3


def test_what_is_seldom_tried_again_is_left_alone(store):
    write(store, *(handled(attributes={"ramet.attempt": 1 + (n < 6)}) for n in range(100)))
    assert kinds(store) == []


def test_a_service_that_has_one_caller_only_may_be_merged_with_it(store):
    for root in views(60):
        one = call(root, duration=5 * MS)
        served = span(parent=one, service="products", kind=SERVER, duration=2 * MS)
        write(store, root, one, served)
    (finding,) = found(store, "merge")
    assert finding.subject == "orders + products"
    assert "100% of its traces" in finding.sentence
    assert finding.cost == 60 * 3 * MS
    # Another caller is a reason for the boundary.
    for root in views(20, service="storefront"):
        one = call(root)
        write(store, root, one, span(parent=one, service="products", kind=SERVER))
    assert found(store, "merge") == []


def test_an_operation_that_takes_all_the_time_of_its_service_may_be_split_off(store):
    write(
        store,
        *(span(name="POST /reports/", duration=2 * SECOND) for _ in range(50)),
        *(span(name=f"GET /{number % 4}/") for number in range(100)),
    )
    (finding,) = found(store, "split")
    assert finding.subject == "orders: POST /reports/"
    assert "99% of the time of orders and 200 times as long" in finding.sentence


def test_spans_that_took_no_time_say_nothing(store):
    names = ["GET /"] * 50 + [f"GET /{number % 4}/" for number in range(100)]
    write(store, *(span(name=name, duration=0) for name in names))
    assert advice.findings(store) == []


def test_what_costs_most_comes_first(store):
    for root in views(20):
        slow = (query(root, name="SELECT slow", duration=20 * MS) for _ in range(6))
        write(store, root, *(query(root) for _ in range(6)), *slow)
    assert [finding.subject for finding in advice.findings(store)] == [
        "orders: SELECT slow",
        "orders: SELECT orders_order",
    ]
