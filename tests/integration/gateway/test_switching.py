"""Canaries and maintenance: what an operator changes while requests arrive."""

import http.client
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ramet.system import Canary, Switches
from tests.conftest import eventually
from tests.integration.gateway.harness import Edge, Upstream

ORDERS, PRODUCTS = "/api/v1/orders/", "/api/v1/products/"


@pytest.fixture
def canary() -> Iterator[Edge]:
    """A gateway with another version of orders, which gets a quarter."""
    edge = Edge(with_issuer=False)
    socket = edge.folder / "canary.sock"
    edge.services = {"orders": {"canary": Canary(str(socket), 25)}}
    edge.upstreams["new"] = Upstream(Path(socket))
    edge.start()
    try:
        yield edge
    finally:
        edge.stop()


def reached_new(edge: Edge, requests: int, **headers: str) -> int:
    edge.upstreams["new"].received.clear()
    for _ in range(requests):
        assert edge.get(ORDERS, **headers).status == 200
    return len(edge.upstreams["new"].received)


def test_a_canary_gets_about_its_share(canary: Edge) -> None:
    # 400 requests at 25%: 100, and less than one run in a million outside 57 to 143.
    assert 57 <= reached_new(canary, 400) <= 143
    assert canary.get(PRODUCTS).status == 200
    assert {request.target for request in canary.upstreams["new"].received} == {ORDERS}


@pytest.mark.parametrize(("weight", "expected"), [(0, 0), (100, 20)])
def test_another_share_takes_effect_on_an_open_connection(
    canary: Edge, weight: int, expected: int, eventually: Callable[..., object]
) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", canary.port, timeout=5)

    def share() -> int:
        canary.upstreams["new"].received.clear()
        for _ in range(20):
            connection.request("GET", ORDERS)
            connection.getresponse().read()
        return len(canary.upstreams["new"].received)

    share()
    kept = connection.sock
    canary.switches = Switches(weights=(("orders", weight),))
    assert canary.configure() == ("rds-gateway.json",)
    eventually(lambda: share() == expected, within=5)
    assert connection.sock is kept
    connection.close()


def test_a_browser_stays_with_the_version_that_it_met(
    canary: Edge, eventually: Callable[..., object]
) -> None:
    socket = canary.services["orders"]["canary"].address
    canary.services = {"orders": {"canary": Canary(socket, 50, sticky=True)}}
    canary.configure()

    def cookie() -> str | None:
        return canary.get(ORDERS).headers["set-cookie"]

    first = eventually(cookie, what="the new routes are used")
    attributes = "; Max-Age=86400; Path=/; HttpOnly; SameSite=Lax"
    assert re.fullmatch(f"ramet-version=[0-9a-f-]{{36}}{attributes}", str(first))
    met = []
    for _ in range(30):
        canary.upstreams["new"].received.clear()
        jar = f"a=1; {str(cookie()).partition(';')[0]}"
        is_new = bool(canary.upstreams["new"].received)
        assert reached_new(canary, 5, Cookie=jar) == 5 * is_new
        assert canary.get(ORDERS, Cookie=jar).headers["set-cookie"] is None
        met.append((jar, is_new))
    assert {is_new for _, is_new in met} == {False, True}

    canary.switches = Switches(weights=(("orders", 80),))
    canary.configure()
    stayed = [jar for jar, is_new in met if is_new]
    moved = [jar for jar, is_new in met if not is_new]

    def some_have_moved() -> bool:
        return any(reached_new(canary, 1, Cookie=jar) for jar in moved)

    eventually(some_have_moved, what="a larger share for the canary")
    assert [reached_new(canary, 1, Cookie=jar) for jar in stayed] == [1] * len(stayed)


def test_a_user_meets_one_version_with_every_token_and_without_a_cookie() -> None:
    edge = Edge()
    socket = edge.folder / "canary.sock"
    edge.services = {"orders": {"canary": Canary(str(socket), 50, sticky=True)}}
    edge.upstreams["new"] = Upstream(Path(socket))
    edge.start()
    try:

        def met_new(user: str, requests: int = 4, **headers: str) -> int:
            """Of so many requests, each with another token and on another connection."""
            edge.upstreams["new"].received.clear()
            for number in range(requests):
                token = edge.token(subject=user, scopes=[f"scope-{number}"])
                answer = edge.get(ORDERS, Authorization=f"Bearer {token}", **headers)
                assert (answer.status, answer.headers["set-cookie"]) == (200, None)
            return len(edge.upstreams["new"].received)

        users = [f"user-{number}" for number in range(24)]
        met = {user: met_new(user) for user in users}
        # 24 users at 50%: that all meet the same one is less likely than one in eight million.
        assert set(met.values()) == {0, 4}
        old = next(user for user in users if not met[user])
        new = next(user for user in users if met[user])
        for user, expected in ((old, 0), (new, 8)):
            # Nobody can choose: neither by a cookie nor by the header that the choice goes by.
            jars = {f"ramet-version={number}" for number in range(4)}
            claimed = [met_new(user, 2, Cookie=jar, X_Ramet_User=new + old) for jar in jars]
            assert sum(claimed) == expected
        reached = [*edge.upstreams["new"].received, *edge.upstreams["orders"].received]
        assert {request.headers["x-ramet-user"] for request in reached} == {None}

        edge.switches = Switches(weights=(("orders", 90),))
        edge.configure()
        moved = [user for user in users if not met[user]]
        eventually(lambda: any(met_new(user, 1) for user in moved), what="the larger share")
        assert met_new(new) == 4
    finally:
        edge.stop()


def test_a_service_in_maintenance_is_answered_for_at_once(
    canary: Edge, eventually: Callable[..., object]
) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", canary.port, timeout=5)

    def status(path: str = ORDERS, method: str = "GET") -> int:
        connection.request(method, path)
        response = connection.getresponse()
        response.read()
        return response.status

    assert status() == 200
    kept = connection.sock
    canary.switches = Switches(maintenance=frozenset({"orders"}))
    assert canary.configure() == ("rds-gateway.json",)
    eventually(lambda: status() == 503, within=5)
    assert connection.sock is kept
    canary.forget()
    assert status(ORDERS, "POST") == 503
    assert status(PRODUCTS) == 200
    assert [service for service, _ in canary.reached()] == ["products"]

    answer = canary.get(ORDERS)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["retry-after"] == "120"
    assert answer.json()["detail"] == "The service is being maintained."
    assert canary.call("orders").status == 200

    canary.switches = Switches()
    canary.configure()
    eventually(lambda: status() == 200, within=5)
    connection.close()


def test_a_service_that_is_down_is_not_said_to_be_maintained(canary: Edge) -> None:
    canary.upstreams.pop("products").stop()
    answer = canary.get(PRODUCTS)
    assert answer.status == 503
    assert answer.headers["retry-after"] == "1"
    assert answer.json()["detail"] == "The service cannot be reached at the moment."
