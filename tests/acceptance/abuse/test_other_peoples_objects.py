"""Broken object level authorization: bob asks for what is alice's, at every route by every method.

What is hers does not exist for him: not only is it kept from him, he is told the same as of an id
that nobody has, or he could find out which ids there are.
"""

import re
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from tests.acceptance.abuse.browser import Browser
from tests.acceptance.abuse.conftest import Belongings
from tests.acceptance.abuse.inventory import Inventory, schemas
from tests.acceptance.running_shop import RunningShop

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

# Every route, and the address by which bob goes for alice there. A new route must come in here.
ATTACKED = {
    "api/schema/": "/api/schema/",
    "api/v1/orders/": "/api/v1/orders/",
    "api/v1/orders/<uuid:pk>/": "/api/v1/orders/{order}/",
    "api/v1/orders/<uuid:pk>/cancel/": "/api/v1/orders/{order}/cancel/",
    "api/v1/orders/schema/": "/api/v1/orders/schema/",
    "api/v1/payments/": "/api/v1/payments/",
    "api/v1/payments/schema/": "/api/v1/payments/schema/",
    "api/v1/payments/webhooks/<slug:provider_name>/": "/api/v1/payments/webhooks/sandbox/",
    "api/v1/products/": "/api/v1/products/",
    "api/v1/products/(?P<sku>[A-Za-z0-9-]+)/": "/api/v1/products/TL-101/",
    "api/v1/products/schema/": "/api/v1/products/schema/",
    "api/v1/users/": "/api/v1/users/",
    "api/v1/users/me/": "/api/v1/users/me/",
    "api/v1/users/schema/": "/api/v1/users/schema/",
    # The storefront's pages.
    "": "/",
    "products/<str:sku>/": "/products/TL-101/",
    "basket/": "/basket/",
    "basket/add/": "/basket/add/",
    "basket/change/": "/basket/change/",
    "checkout/": "/checkout/",
    "orders/": "/orders/",
    "orders/<uuid:order_id>/": "/orders/{order}/",
    "orders/<uuid:order_id>/status/": "/orders/{order}/status/",
    "orders/<uuid:order_id>/cancel/": "/orders/{order}/cancel/",
    "auth/sign-in/": "/auth/sign-in/",
    "auth/callback/": "/auth/callback/",
    "auth/sign-out/": "/auth/sign-out/",
    "assets/<str:version>/<str:name>": "/assets/0/storefront.css",
    # The OpenID provider.
    ".well-known/oauth-authorization-server/<path:issuer_path>": (
        "/.well-known/oauth-authorization-server/o"
    ),
    "o/.well-known/openid-configuration/": "/o/.well-known/openid-configuration",
    "o/.well-known/jwks.json": "/o/.well-known/jwks.json",
    "o/sign-in/": "/o/sign-in/",
    "o/authorize/": "/o/authorize/",
    "o/token/": "/o/token/",
    "o/revoke_token/": "/o/revoke_token/",
    "o/introspect/": "/o/introspect/",
    "o/userinfo/": "/o/userinfo/",
    "o/logout/": "/o/logout/",
}

NOT_THERE = {404, 405}


@pytest.fixture(scope="module")
def bob(shop: RunningShop, password: str) -> Browser:
    """Bob's browser; he has bought something too, so that his lists are not empty."""
    shop.settled(shop.place((shop.with_stock(10), 1), user="bob"), user="bob")
    return Browser(shop.url).sign_in("bob", password)


@pytest.fixture
def as_bob(shop: RunningShop, bob: Browser, password: str) -> Callable[..., requests.Response]:
    """`as_bob(method, address)`: with his token at the API, with his session at the pages."""
    if not bob.is_signed_in():  # an attack before was on sign-out
        bob.sign_in("bob", password)

    def ask(method: str, address: str, given: dict[str, str]) -> requests.Response:
        if address.startswith(("/api/", "/o/userinfo/")):
            body = {} if method in ("GET", "HEAD", "OPTIONS") else {"json": given}
            key = {"Idempotency-Key": str(uuid.uuid4())}
            return shop.call(method, address, user="bob", params=given, headers=key, **body)
        form = bob.csrf(address)
        body = {} if method in ("GET", "HEAD", "OPTIONS") else {"data": {**given, **form}}
        header = {"X-CSRFToken": form["csrfmiddlewaretoken"]}  # Django reads forms of POST alone
        return bob.send(method, address, params=given, headers=header, **body)

    return ask


def as_nobody(shop: RunningShop, method: str, address: str) -> requests.Response:
    return shop.call(method, address, user=None)


def told(answer: requests.Response, identifier: str) -> Any:
    """What an answer says, apart from the id that was asked for and what differs each time."""
    once = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?<=csrfmiddlewaretoken. value=.)\w+"
    headers = {
        name: value.replace(identifier, "ID")
        for name, value in answer.headers.items()
        if name.lower()
        not in ("date", "x-request-id", "set-cookie", "x-envoy-upstream-service-time")
    }
    return answer.status_code, headers, re.sub(once, "", answer.text.replace(identifier, "ID"))


def test_every_route_and_every_operation_of_the_schemas_is_attacked(
    shop: RunningShop, taken: Inventory
) -> None:
    assert taken.routes == set(ATTACKED), "what is left or right of it must be attacked as well"
    for service, schema in schemas(shop).items():
        for path in schema["paths"]:
            assert taken.route_of(path) in ATTACKED, f"{service} documents {path}"


@pytest.mark.parametrize("route", ATTACKED)
def test_bob_gets_nothing_of_alices(
    shop: RunningShop,
    alice: Belongings,
    as_bob: Callable[..., requests.Response],
    route: str,
) -> None:
    before = [shop.get(f"/api/v1/orders/{order}/") for order in alice.orders]
    # What bob might know of her, wherever a view may look for it.
    given = {
        name: value
        for value, names in (
            (alice.user, ("customer", "customer_id", "user", "user_id", "owner", "sub", "id")),
            (alice.order, ("order", "order_id")),
        )
        for name in names
    }
    for method in METHODS:
        address = ATTACKED[route].format(order=alice.order)
        answer = as_bob(method, address, given)
        what = f"{method} {address}: {answer.status_code} {answer.text[:300]}"
        assert answer.status_code < 500, what
        assert not alice.seen_in(answer.text + str(answer.headers)), what
        anonymous = as_nobody(shop, method, address)
        assert not alice.seen_in(anonymous.text + str(anonymous.headers)), what
        if address == ATTACKED[route]:
            continue
        # OPTIONS tells of the route; that it tells the same of every id is seen below.
        assert answer.status_code in NOT_THERE or method == "OPTIONS", what
        nothing = str(uuid.uuid4())
        other = ATTACKED[route].format(order=nothing)
        assert told(answer, alice.order) == told(as_bob(method, other, given), nothing), what
        assert told(anonymous, alice.order) == told(as_nobody(shop, method, other), nothing), what
        assert anonymous.status_code in {302, 401, 403, 405}, what
    assert [shop.get(f"/api/v1/orders/{order}/") for order in alice.orders] == before


@pytest.mark.parametrize("filter", ["order", "customer", "customer_id", "user", "owner", "id"])
@pytest.mark.parametrize("address", ["/api/v1/orders/", "/api/v1/payments/"])
def test_no_filter_of_a_list_leads_to_alices(
    shop: RunningShop, alice: Belongings, bob: Browser, address: str, filter: str
) -> None:
    own = {str(order["id"]) for order in shop.get("/api/v1/orders/", user="bob")["results"]}
    assert own
    for value in (alice.order, alice.user):
        found = shop.call("GET", address, user="bob", params={filter: value}).json()
        ids = {row.get("id", row.get("order")) for row in found.get("results", [])}
        assert ids <= own, f"?{filter}={value}"


def test_alices_payments_are_not_found_by_her_order(
    shop: RunningShop, alice: Belongings, bob: Browser
) -> None:
    address = f"/api/v1/payments/?order={alice.order}"
    assert len(shop.get(address)["results"]) == 1
    assert shop.get(address, user="bob")["results"] == []


@pytest.mark.parametrize("address", ["/api/v1/orders/", "/api/v1/payments/"])
def test_alices_cursor_leads_bob_to_nothing_of_hers(
    shop: RunningShop, alice: Belongings, bob: Browser, address: str
) -> None:
    following = shop.get(f"{address}?page_size=1")["next"]
    assert following, "alice has two, or the test shows nothing"
    cursor = parse_qs(urlsplit(following).query)["cursor"][0]
    page = shop.get(address, user="bob", params={"cursor": cursor})
    shown = {row.get("id", row.get("order")) for row in page["results"]}
    assert not shown & set(alice.orders)
    page = bob.get("/orders/", params={"cursor": cursor}).text
    assert not [order for order in alice.orders if order in page]


def test_a_session_of_one_service_says_nothing_to_another(
    shop: RunningShop, alice: Belongings, bob: Browser
) -> None:
    """The API takes no cookie, so that no form of another site can use one."""
    answer = bob.get("/api/v1/orders/")
    assert answer.status_code == 401
