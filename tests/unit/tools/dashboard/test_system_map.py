"""The map: who is degraded and why, and what flows that nobody declared."""

import pytest

from ramet.tools.dashboard.declared import Flows
from ramet.tools.dashboard.store import Edge, Map, Node
from ramet.tools.dashboard.system_map import picture

MS = 1_000_000
FLOWS = Flows(
    calls={
        ("gateway", "orders"): "ramet.toml, routes of orders",
        ("orders", "payments"): "shop/orders/sagas.py:13",
        ("orders", "users"): "shop/orders/models.py:11",
    },
    events={("orders", "users"): "shop/users/handlers.py:4", ("orders", "stock"): "s.py:1"},
)


def node(key, requests=100, errors=0, p95=20 * MS):
    kind, _, name = key.partition(":")
    return Node(key, kind, name, requests, errors, p95 // 2, p95)


def edge(source, target, calls=100, errors=0, p95=20 * MS):
    return Edge(source, target, calls, errors, p95 // 2, p95, ())


def seen(edges, nodes=()):
    known = {each.key: each for each in nodes}
    for each in edges:
        for key in (each.source, each.target):
            known.setdefault(key, node(key))
    return Map(tuple(known.values()), tuple(edges), 0, 900 * 10**9)


NOTHING = seen([])
USUAL = [
    edge("service:gateway", "service:orders"),
    edge("service:orders", "service:payments"),
    edge("service:orders", "database:postgresql/orders"),
    edge("service:orders", "event:orders.OrderPlaced.v1"),
    edge("event:orders.OrderPlaced.v1", "service:users"),
]


def states(found):
    return {(arrow.source.key, arrow.target.key): arrow.state for arrow in found.arrows}


def test_what_flows_as_it_was_declared_is_used():
    found = states(picture(seen(USUAL), NOTHING, FLOWS, {}))
    for each in USUAL:
        assert found[each.source, each.target] == "used"


def test_what_nobody_declared_is_told_apart():
    surprise = edge("service:users", "service:payments")
    found = states(picture(seen([*USUAL, surprise]), NOTHING, FLOWS, {}))
    assert found["service:users", "service:payments"] == "undeclared"


def test_an_event_that_nobody_subscribed_to_is_told_apart():
    surprise = edge("event:orders.OrderPlaced.v1", "service:payments")
    found = states(picture(seen([*USUAL, surprise]), NOTHING, FLOWS, {}))
    assert found["event:orders.OrderPlaced.v1", "service:payments"] == "undeclared"


def test_an_event_that_was_published_long_ago_has_its_publisher_by_its_name():
    flows = Flows(FLOWS.calls, FLOWS.events, apps={"shop.orders": "orders", "shop": "other"})
    late = edge("event:shop.orders.OrderPlaced.v1", "service:users")
    found = states(picture(seen([late]), NOTHING, flows, {}))
    assert found["event:shop.orders.OrderPlaced.v1", "service:users"] == "used"


def test_a_service_may_handle_its_own_events():
    own = edge("event:orders.OrderPlaced.v1", "service:orders")
    found = states(picture(seen([*USUAL, own]), NOTHING, FLOWS, {}))
    assert found["event:orders.OrderPlaced.v1", "service:orders"] == "used"


def test_declarations_that_nothing_uses_are_shown_with_their_place():
    found = picture(seen(USUAL), NOTHING, FLOWS, {})
    unused = {arrow.target.name: arrow.declared for arrow in found.arrows if arrow.edge is None}
    assert unused == {"users": "shop/orders/models.py:11", "stock": "s.py:1"}


def test_without_a_project_nothing_needs_to_be_declared():
    found = picture(seen(USUAL), NOTHING, Flows(), {})
    assert set(states(found).values()) == {"used"}


@pytest.mark.parametrize("kind", ["event", "database", "unused"])
def test_kinds_can_be_left_out(kind):
    found = picture(seen(USUAL), NOTHING, FLOWS, {}, {kind})
    assert all(card.node.kind != kind for card in found.cards)
    if kind == "unused":
        assert "unused" not in states(found).values()


def test_the_gateway_is_at_the_left_and_databases_at_the_right():
    found = picture(seen(USUAL), NOTHING, FLOWS, {})
    by_place = sorted(found.cards, key=lambda card: card.at.x)
    assert by_place[0].node.name == "gateway"
    assert by_place[-1].node.kind != "service"


def test_the_cause_comes_before_those_who_suffer():
    edges = [
        edge("service:gateway", "service:orders", errors=20),
        edge("service:orders", "service:payments", errors=20),
    ]
    nodes = [
        node("service:gateway", errors=20),
        node("service:orders", errors=20),
        node("service:payments", errors=20),
    ]
    troubled = picture(seen(edges, nodes), NOTHING, FLOWS, {}).troubled
    assert troubled[0].node.name == "payments"
    assert troubled[0].verdict.reasons == ("20% of 100 fail",)
    orders = next(card for card in troubled if card.node.name == "orders")
    assert "20% of what it asks of payments fails" in orders.verdict.reasons
    assert orders.verdict.blamed == ("service:payments",)


def test_what_failed_at_the_start_is_no_verdict_on_what_answers_now():
    began = seen(
        [edge("service:gateway", "service:users", errors=20)], [node("service:users", errors=20)]
    )
    lately = seen(
        [edge("service:gateway", "service:users", calls=30)], [node("service:users", requests=30)]
    )
    found = picture(began, NOTHING, FLOWS, {}, lately=lately)
    assert found.troubled == []
    assert found.card("service:users").verdict.level == "good"


@pytest.mark.parametrize(
    ("errors", "asked_lately", "failed_lately", "level"),
    [
        (10, 1, 0, "good"),  # all ten failed at the start, and one was answered since
        (10, 1, 1, "bad"),
        (10, 0, 0, "bad"),  # nobody knows better
        (2, 3, 0, "bad"),  # that three of five are answered is no news
        (2, 14, 0, "good"),
    ],
)
def test_of_what_is_asked_rarely_the_last_few_tell_whether_it_is_mended(
    errors, asked_lately, failed_lately, level
):
    whole = seen([], [node("service:users", requests=10, errors=errors)])
    lately = seen([], [node("service:users", requests=asked_lately, errors=failed_lately)])
    found = picture(whole, NOTHING, FLOWS, {}, lately=lately)
    assert found.card("service:users").verdict.level == level


def test_what_failed_hours_ago_is_no_verdict_on_today():
    day = seen([], [node("service:users", requests=5_000, errors=2_000)])
    recent = seen([], [node("service:users", requests=3)])
    for quarter in (recent, NOTHING):
        found = picture(day, NOTHING, FLOWS, {}, recent=quarter, lately=NOTHING)
        assert found.troubled == []
        assert found.card("service:users").verdict.level == "good"


def test_what_fails_now_is_failing_however_much_went_well_before():
    whole = seen([], [node("service:users", requests=10_000, errors=20)])
    lately = seen([], [node("service:users", requests=20, errors=20)])
    verdict = picture(whole, NOTHING, FLOWS, {}, lately=lately).card("service:users").verdict
    assert (verdict.level, verdict.reasons) == ("bad", ("100% of 20 fail",))


def test_a_few_that_failed_are_no_verdict():
    rare = seen([], [node("service:users", requests=9, errors=9)])
    assert picture(rare, NOTHING, FLOWS, {}).troubled == []


def test_slower_than_before_is_told_with_whom_it_waits_for():
    slow = [edge("service:orders", "service:payments", p95=800 * MS)]
    nodes = [node("service:orders", p95=900 * MS), node("service:payments", p95=790 * MS)]
    before = seen([], [node("service:orders", p95=90 * MS), node("service:payments", p95=80 * MS)])
    found = picture(seen(slow, nodes), before, FLOWS, {})
    reasons = found.card("service:orders").verdict.reasons
    assert reasons == (
        "10 times slower than before: 95% within 900 ms",
        "it waits for payments (800 ms)",
    )
    assert found.card("service:orders").verdict.level == "warn"


def test_quick_or_rare_things_are_not_called_slow():
    nodes = [node("service:a", p95=60 * MS), node("service:b", requests=3, p95=5_000 * MS)]
    before = seen([], [node("service:a", p95=2 * MS), node("service:b", p95=MS)])
    found = picture(seen([], nodes), before, FLOWS, {})
    assert found.troubled == []


def test_a_process_that_does_not_run_makes_its_service_fail():
    found = picture(seen(USUAL), NOTHING, FLOWS, {"orders": "orders-web is restarting"})
    verdict = found.card("service:orders").verdict
    assert (verdict.level, verdict.reasons) == ("bad", ("orders-web is restarting",))


def test_what_nobody_asked_anything_has_no_verdict():
    found = picture(seen(USUAL), NOTHING, FLOWS, {})
    assert found.card("service:stock").verdict.level == ""


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("orders.OrderPlaced.v1", "orders.OrderPlaced.v1"),
        ("shop.products.ProductChanged.v1", "\N{HORIZONTAL ELLIPSIS}products.ProductChanged.v1"),
        ("x" * 40, "\N{HORIZONTAL ELLIPSIS}" + "x" * 27),
        ("a.very.long.name.of.an.event.StockOfProductsWasPlannedAnew.v12", None),
    ],
)
def test_of_a_long_name_the_end_is_shown(name, shown):
    found = picture(seen([edge("service:orders", f"event:{name}")]), NOTHING, FLOWS, {})
    written = found.card(f"event:{name}").name
    assert written == shown or (shown is None and name.endswith(written[1:]))
    assert len(written) <= 28
