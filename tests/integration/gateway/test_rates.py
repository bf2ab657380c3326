"""Rates: by address before anything else, by user behind the check of tokens."""

from collections.abc import Iterator
from typing import Any

import pytest

from ramet.system import Rate, Switches
from tests.integration.gateway.harness import Answer, Edge

ORDERS, PRODUCTS, USERS = "/api/v1/orders/", "/api/v1/products/", "/o/"
BOB = "0b0b0b0b-5b2c-4c55-9c0e-2f3a4b5c6d7e"


@pytest.fixture
def limited() -> Iterator[Any]:
    """Start a gateway with these keys of [gateway] and of services."""
    started: list[Edge] = []

    def start(gateway: dict[str, Any], **services: dict[str, Any]) -> Edge:
        edge = Edge(gateway=gateway, services=services).start()
        started.append(edge)
        return edge

    yield start
    for edge in started:
        edge.stop()


def statuses(edge: Edge, count: int, path: str = ORDERS, **headers: str) -> list[int]:
    return [edge.get(path, **headers).status for _ in range(count)]


def signed_in(edge: Edge, subject: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {edge.token(subject=subject)}"}


def test_one_address_may_send_so_many_and_no_more(limited: Any) -> None:
    edge = limited({"rate_by_address": Rate(5, 3600)})
    # Over several services and kinds of request: it is the gateway's rate.
    assert statuses(edge, 3) + statuses(edge, 2, PRODUCTS) == [200] * 5
    answer: Answer = edge.get(ORDERS, method="POST", body=b"{}")
    assert answer.status == 429
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["title"] == "Too Many Requests"
    assert answer.headers["retry-after"] == "720"  # an hour for five
    assert answer.headers["x-ratelimit-remaining"] == "0"
    assert len(edge.reached()) == 5


def test_another_address_has_its_own_count(limited: Any) -> None:
    """Behind a balancer addresses are what it says, so that this test has more than one."""
    edge = limited(
        {"rate_by_address": Rate(2, 3600), "tls": "balancer", "given_url": "https://shop.example"}
    )
    assert statuses(edge, 3, X_Forwarded_For="192.0.2.1") == [200, 200, 429]
    assert statuses(edge, 3, X_Forwarded_For="192.0.2.2") == [200, 200, 429]
    # The client's own claim stands before what the balancer appended.
    assert statuses(edge, 1, X_Forwarded_For="192.0.2.9, 192.0.2.1") == [429]
    networks = [f"2001:db8:0:{number}::{number}" for number in (1, 2)]
    assert [statuses(edge, 3, X_Forwarded_For=each) for each in networks] == [[200, 200, 429]] * 2
    assert statuses(edge, 1, X_Forwarded_For="2001:db8:0:1::ffff") == [429]


def test_more_addresses_than_declared_values_are_told_apart(limited: Any) -> None:
    """Envoy keeps 20 dynamic buckets unless told otherwise, and forgets the others."""
    edge = limited(
        {"rate_by_address": Rate(1, 3600), "tls": "balancer", "given_url": "https://shop.example"}
    )
    addresses = [f"198.51.100.{number}" for number in range(60)]
    for expected in (200, 429):
        found = {edge.get(ORDERS, X_Forwarded_For=each).status for each in addresses}
        assert found == {expected}


def test_a_services_own_rate_replaces_the_gateways(limited: Any) -> None:
    edge = limited({"rate_by_address": Rate(4, 3600)}, users={"rate_by_address": Rate(2, 3600)})
    assert statuses(edge, 3, USERS) == [200, 200, 429]
    assert statuses(edge, 5) == [200, 200, 200, 200, 429]


def test_a_services_own_rate_of_one_kind_leaves_the_gateways_of_the_other(limited: Any) -> None:
    edge = limited(
        {"rate_by_address": Rate(9, 3600), "rate_by_user": Rate(2, 3600)},
        users={"rate_by_address": Rate(8, 3600)},
        orders={"rate_by_user": Rate(4, 3600)},
    )
    alice = signed_in(edge, "alice")
    assert statuses(edge, 3, USERS, **alice) == [200, 200, 429]
    assert statuses(edge, 6, **alice) == [200] * 4 + [429] * 2
    # Of the nine for the address, orders has counted six.
    assert statuses(edge, 4) == [200] * 3 + [429]


def test_a_user_is_counted_wherever_the_token_is_used_and_nobody_else_is(limited: Any) -> None:
    edge = limited({"rate_by_user": Rate(3, 3600)})
    alice, bob = signed_in(edge, "alice"), signed_in(edge, BOB)
    assert statuses(edge, 2, **alice) + statuses(edge, 2, PRODUCTS, **alice) == [200] * 3 + [429]
    # Another token of the same user is the same user.
    assert statuses(edge, 1, **signed_in(edge, "alice")) == [429]
    assert statuses(edge, 3, **bob) == [200] * 3
    assert statuses(edge, 5) == [200] * 5  # no token, no user


def test_a_request_that_no_rate_counts_is_told_of_none(limited: Any) -> None:
    edge = limited({"rate_by_user": Rate(3, 3600)}, users={"rate_by_address": Rate(2, 3600)})
    assert [name for name in edge.get(ORDERS).headers if "ratelimit" in name] == []
    # Of two kinds of rates, one has counted.
    assert edge.get(USERS).headers["x-ratelimit-remaining"] == "1"
    alice = signed_in(edge, "alice")
    assert edge.get(ORDERS, **alice).headers["x-ratelimit-remaining"] == "2"


@pytest.mark.parametrize("scheme", ["bearer", "BEARER"])
def test_a_user_is_counted_however_the_scheme_is_spelt(limited: Any, scheme: str) -> None:
    edge = limited({"rate_by_user": Rate(2, 3600)})
    alice = signed_in(edge, "alice")
    spelt = {"Authorization": alice["Authorization"].replace("Bearer", scheme)}
    assert statuses(edge, 2, **spelt) + statuses(edge, 1, **alice) == [200, 200, 429]


def test_an_address_is_refused_before_its_token_is_looked_at(limited: Any) -> None:
    edge = limited({"rate_by_address": Rate(2, 3600), "rate_by_user": Rate(9, 3600)})
    assert statuses(edge, 3, Authorization="Bearer nonsense") == [401, 401, 429]


@pytest.mark.parametrize(
    ("path", "status", "token"),
    [
        ("/nothing/", 404, ""),
        ("/.ramet/calls/", 404, ""),
        (PRODUCTS, 503, ""),
        ("/x", 401, "a.b.c"),
    ],
)
def test_an_address_is_counted_where_the_gateway_answers_by_itself(
    path: str, status: int, token: str
) -> None:
    """Or whoever floods it would only have to ask for what is not there."""
    edge = Edge(
        gateway={"rate_by_address": Rate(2, 3600)},
        routes={"users": (USERS,), "orders": (ORDERS,), "products": (PRODUCTS,)},
        switches=Switches(maintenance=frozenset({"products"})),
    ).start()
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        assert statuses(edge, 3, path, **headers) == [status, status, 429]
        # A bucket of its own: what services answer has lost nothing by it.
        assert edge.get(ORDERS).headers["x-ratelimit-remaining"] == "1"
    finally:
        edge.stop()


def test_tokens_come_back_one_by_one(limited: Any, eventually: Any) -> None:
    edge = limited({"rate_by_address": Rate(60, 60)})
    eventually(lambda: edge.get(ORDERS).status == 429, every=0, within=30)
    assert edge.get(ORDERS).headers["retry-after"] == "1"
    # Long before the minute is over.
    eventually(lambda: edge.get(ORDERS).status == 200, every=0.1, within=15)
