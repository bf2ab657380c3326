"""Broken object level authorization: bob asks for what is alice's, at every route by every method.

What is hers does not exist for him: not only is it kept from him, he is told the same as of an id
that nobody has, or he could find out which ids there are.
"""

import re
import uuid
from collections.abc import Callable, Iterator
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
    "auth/sign-up/": "/auth/sign-up/",
    "static/<path:name>": "/static/storefront/storefront.css",
    # The OpenID provider.
    ".well-known/oauth-authorization-server(?:/o)?/": "/.well-known/oauth-authorization-server/o",
    "o/.well-known/openid-configuration/": "/o/.well-known/openid-configuration",
    "o/.well-known/jwks.json": "/o/.well-known/jwks.json",
    "o/authorize/": "/o/authorize/",
    "o/token/": "/o/token/",
    "o/revoke_token/": "/o/revoke_token/",
    "o/introspect/": "/o/introspect/",
    "o/userinfo/": "/o/userinfo/",
    "o/logout/": "/o/logout/",
    "o/device_authorization/": "/o/device_authorization/",
    "o/device/": "/o/device/",
    "o/device/<slug:client_id>/<slug:user_code>/": "/o/device/storefront/{made_up}/",
    "o/device/<slug:client_id>/<slug:user_code>/done/": "/o/device/storefront/{made_up}/done/",
    # Its pages to sign in on and to look after one's account.
    "o/sign-in/": "/o/sign-in/",
    "o/sign-out/": "/o/sign-out/",
    "o/sign-up/": "/o/sign-up/",
    "o/inactive/": "/o/inactive/",
    "o/confirm-email/": "/o/confirm-email/",
    "o/confirm-email/(?P<key>[-:\\w]+)/": "/o/confirm-email/{made_up}/",
    "o/reset-password/": "/o/reset-password/",
    "o/reset-password/sent/": "/o/reset-password/sent/",
    "o/reset-password/done/": "/o/reset-password/done/",
    "o/reset-password/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/": (
        "/o/reset-password/{account}-{made_up}/"
    ),
    "o/account/confirm/": "/o/account/confirm/",
    "o/account/email/": "/o/account/email/",
    "o/account/password/": "/o/account/password/",
    "o/account/password/set/": "/o/account/password/set/",
    "o/account/security/": "/o/account/security/",
    "o/account/security/authenticate/": "/o/account/security/authenticate/",
    "o/account/security/reauthenticate/": "/o/account/security/reauthenticate/",
    "o/account/security/recovery-codes/": "/o/account/security/recovery-codes/",
    "o/account/security/recovery-codes/download/": "/o/account/security/recovery-codes/download/",
    "o/account/security/recovery-codes/generate/": "/o/account/security/recovery-codes/generate/",
    "o/account/security/totp/activate/": "/o/account/security/totp/activate/",
    "o/account/security/totp/deactivate/": "/o/account/security/totp/deactivate/",
    "o/account/security/webauthn/": "/o/account/security/webauthn/",
    "o/account/security/webauthn/add/": "/o/account/security/webauthn/add/",
    "o/account/security/webauthn/keys/<int:pk>/edit/": (
        "/o/account/security/webauthn/keys/{passkey}/edit/"
    ),
    "o/account/security/webauthn/keys/<int:pk>/remove/": (
        "/o/account/security/webauthn/keys/{passkey}/remove/"
    ),
    "o/account/security/webauthn/login/": "/o/account/security/webauthn/login/",
    "o/account/security/webauthn/reauthenticate/": "/o/account/security/webauthn/reauthenticate/",
}

NOT_THERE = {404, 405}


@pytest.fixture(scope="module")
def bob(shop: RunningShop, password: str) -> Browser:
    """Bob's browser; he has bought something too, so that his lists are not empty."""
    shop.settled(shop.place((shop.with_stock(10), 1), user="bob"), user="bob")
    return Browser(shop.url).sign_in("bob", password)


@pytest.fixture
def as_bob(shop: RunningShop, bob: Browser, password: str) -> Callable[..., requests.Response]:
    """`as_bob(method, address)`: with his token at the API, with his sessions at the pages."""
    bob.sign_in("bob", password)  # an attack before may have been on sign-out

    def ask(method: str, address: str, given: dict[str, str]) -> requests.Response:
        has_body = method not in ("GET", "HEAD", "OPTIONS")
        if address.startswith(("/api/", "/o/userinfo/")):
            body = {"json": given} if has_body else {}
            key = {"Idempotency-Key": str(uuid.uuid4())}
            return shop.call(method, address, user="bob", params=given, headers=key, **body)
        form = bob.csrf(address)
        body = {"data": {**given, **form}} if has_body else {}
        header = {"X-CSRFToken": form["csrfmiddlewaretoken"]}  # Django reads forms of POST alone
        return bob.send(method, address, params=given, headers=header, **body)

    return ask


@pytest.fixture(scope="module")
def hers(shop: RunningShop, alice: Belongings) -> Iterator[dict[str, str]]:
    """The ids of alice's things, by the names that they have in `ATTACKED`."""
    passkey = 876_543_210
    shop.sql(
        "users",
        "INSERT INTO mfa_authenticator (id, user_id, type, data, created_at) "
        f"VALUES ({passkey}, '{alice.user}', 'webauthn', '{{}}', now()) RETURNING id",
    )
    yield {
        "order": alice.order,
        "passkey": str(passkey),
        "account": uuid.UUID(alice.user).hex,
        "made_up": "WDJB-MJHT",
    }
    # With it, signing in would ask her for it.
    shop.sql("users", f"DELETE FROM mfa_authenticator WHERE id = {passkey} RETURNING id")


def nobodys(hers: dict[str, str]) -> dict[str, str]:
    """Ids of the same kinds that nothing has."""
    new = uuid.uuid4()
    return {**hers, "order": str(new), "passkey": "987654321", "account": new.hex}


def as_nobody(shop: RunningShop, method: str, address: str) -> requests.Response:
    return shop.call(method, address, user=None)


def told(answer: requests.Response, ids: dict[str, str]) -> Any:
    """What an answer says, apart from the id that was asked for and what differs each time."""
    once = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?<=csrfmiddlewaretoken. value=.)\w+"
    once += r"|(?<=traceparent. content=.)[\w-]+"

    def plain(text: str) -> str:
        text = re.sub(once, "", text)
        for name, value in ids.items():
            text = text.replace(value, name)
        return text

    ignored = ("date", "expires", "x-request-id", "set-cookie", "x-envoy-upstream-service-time")
    headers = {name: plain(value) for name, value in answer.headers.items() if name not in ignored}
    headers.pop("content-length", None)
    return answer.status_code, headers, plain(answer.text)


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
    hers: dict[str, str],
    as_bob: Callable[..., requests.Response],
    route: str,
) -> None:
    before = [shop.get(f"/api/v1/orders/{order}/") for order in alice.orders]
    # What bob might know of her, wherever a view may look for it.
    names = ("customer", "customer_id", "user", "user_id", "owner", "sub", "id")
    given = dict.fromkeys(names, alice.user) | {"order": alice.order, "order_id": alice.order}
    none = nobodys(hers)
    address, other = ATTACKED[route].format(**hers), ATTACKED[route].format(**none)
    for method in METHODS:
        answer, anonymous = as_bob(method, address, given), as_nobody(shop, method, address)
        for each in (answer, anonymous):
            what = f"{method} {address}: {each.status_code} {each.text[:300]}"
            assert each.status_code < 500, what
            assert not alice.seen_in(each.text + str(each.headers)), what
        if address == other:
            continue
        # OPTIONS tells of the route; that it tells the same of every id is seen below.
        assert (
            answer.status_code in NOT_THERE
            or method == "OPTIONS"
            or "{order}" not in ATTACKED[route]
        )
        assert (
            anonymous.status_code in {302, 401, 403, 404, 405} or "{order}" not in ATTACKED[route]
        )
        assert told(answer, hers) == told(as_bob(method, other, given), none), method
        assert told(anonymous, hers) == told(as_nobody(shop, method, other), none), method
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
