"""Server-side request forgery: the address of a canary in every field, and nobody comes to look.

Two halves. What takes text at all, found from the schemas, gets the canary's address. And what is
*meant* to take an address (by its name or format) is in a list here: a new one fails the test until
somebody has said how it is attacked.
"""

import base64
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests

from tests.acceptance.abuse.browser import Browser, forms
from tests.acceptance.abuse.inventory import Inventory, is_urlish
from tests.acceptance.abuse.operations import operations
from tests.acceptance.running_shop import RunningShop

# Columns that hold an address. Who can write them, and what asks them:
COLUMNS = {
    # Written by whoever runs the shop, as there is no client registration; browsers are sent there.
    "oauth2_provider.Application.redirect_uris",
    "oauth2_provider.Application.post_logout_redirect_uris",
    "oauth2_provider.Application.allowed_origins",
    # Copied from the two above when a code is given; compared, never asked.
    "oauth2_provider.Grant.redirect_uri",
}

# Parameters of OAuth 2 and OpenID Connect by which a provider may be told of an address:
# https://www.iana.org/assignments/oauth-parameters
PROTOCOL = (
    "redirect_uri",
    "request_uri",
    "post_logout_redirect_uri",
    "logo_uri",
    "client_uri",
    "policy_uri",
    "tos_uri",
    "jwks_uri",
    "sector_identifier_uri",
    "initiate_login_uri",
    "software_statement",
    "backchannel_logout_uri",
    "frontchannel_logout_uri",
    "resource",
    "claims_source",
    "target_link_uri",
    "iss",
    "next",
    "client_id",  # some providers fetch a client's metadata from its id
    "callback_url",
)

TRUSTED_BY_PROXIES = (
    "Host",
    "X-Forwarded-Host",
    "X-Forwarded-For",
    "X-Forwarded-Server",
    "X-Original-URL",
    "X-Rewrite-URL",
    "Forwarded",
    "Referer",
    "Origin",
    "True-Client-IP",
    "X-Wap-Profile",
    "Profile",
    "SOAPAction",
)


@dataclass
class Canary:
    """Listens on loopback and notes whoever connects, whatever is spoken."""

    port: int
    heard: list[bytes] = field(default_factory=list)

    @property
    def addresses(self) -> tuple[str, ...]:
        """Ways to write where it is."""
        return (
            f"http://127.0.0.1:{self.port}/canary",
            f"https://localhost:{self.port}/canary",
            f"//127.0.0.1:{self.port}/canary",
            f"http://localhost:8000@127.0.0.1:{self.port}/canary",
            f"http://[::ffff:127.0.0.1]:{self.port}/canary",
            f"http://2130706433:{self.port}/canary",
            f"gopher://127.0.0.1:{self.port}/canary",
        )


@contextmanager
def listening() -> Iterator[Canary]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        canary = Canary(server.getsockname()[1])
        is_over = threading.Event()
        server.settimeout(0.1)

        def listen() -> None:
            while not is_over.is_set():
                try:
                    connection, _ = server.accept()
                except TimeoutError:
                    continue
                with connection:
                    connection.settimeout(1)
                    try:
                        canary.heard.append(connection.recv(300))
                    except OSError:
                        canary.heard.append(b"(connected)")

        thread = threading.Thread(target=listen)
        thread.start()
        try:
            yield canary
        finally:
            is_over.set()
            thread.join()


@pytest.fixture
def canary() -> Iterator[Canary]:
    """At the end of the test nobody has come; that it would have been heard, is tried first."""
    with listening() as heard:
        requests_before = len(heard.heard)
        yield heard
        assert heard.heard[requests_before:] == []


def test_the_canary_hears_whoever_comes() -> None:
    with listening() as canary, pytest.raises(requests.RequestException):
        requests.get(canary.addresses[0], timeout=5)
    assert canary.heard
    assert canary.heard[0].startswith(b"GET /canary")


def test_every_field_that_is_meant_to_take_an_address_is_known(
    shop: RunningShop, taken: Inventory
) -> None:
    assert taken.columns == COLUMNS, "a new column for an address: who writes it, who asks it?"
    named = {
        f"{operation} {name}"
        for operation in operations(shop)
        for name, schema in operation.fields()
        if is_urlish(name) or schema.get("format") in ("uri", "url", "iri", "hostname")
    }
    assert named == set(), "the API takes an address now: what is done with it?"


def test_every_parameter_of_the_provider_that_takes_an_address_is_known(
    shop: RunningShop,
) -> None:
    """What it says that it supports would make it ask: none of the following."""
    said = shop.get("/o/.well-known/openid-configuration", user=None)
    said |= shop.get("/.well-known/oauth-authorization-server/o", user=None)
    assert said.get("request_uri_parameter_supported", False) is False
    assert "registration_endpoint" not in said
    assert "private_key_jwt" not in said["token_endpoint_auth_methods_supported"]
    assert "pushed_authorization_request_endpoint" not in said


def test_no_field_of_the_api_makes_a_service_come(shop: RunningShop, canary: Canary) -> None:
    for operation in operations(shop):
        for address in canary.addresses:
            answer = operation.send(shop, everywhere=address)
            assert answer.status_code < 500, f"{operation}: {answer.text[:300]}"


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "path",
    [
        "/o/authorize/",
        "/o/token/",
        "/o/revoke_token/",
        "/o/introspect/",
        "/o/userinfo/",
        "/o/logout/",
        "/auth/sign-in/",
        "/auth/callback/",
    ],
)
def test_no_parameter_of_the_protocol_makes_a_service_come(
    shop: RunningShop, canary: Canary, path: str, method: str
) -> None:
    proper = {"response_type": "code", "client_id": "storefront"}
    asks = [{**proper, **dict.fromkeys(PROTOCOL, address)} for address in canary.addresses]
    asks += [dict.fromkeys(PROTOCOL, address) for address in canary.addresses[:2]]
    if method == "GET":  # one by one as well, where no secret is hashed for each
        asks += [{**proper, name: canary.addresses[0]} for name in PROTOCOL]
    for asked in asks:
        where = {"params": asked} if method == "GET" else {"data": asked}
        answer = shop.call(method, path, user=None, **where)
        assert answer.status_code < 500, f"{asked}: {answer.text[:300]}"


def unsecured(header: dict[str, Any], claims: dict[str, Any]) -> str:
    parts = (json.dumps(part).encode() for part in (header, claims))
    encoded = [base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts]
    return ".".join((*encoded, "c2lnbmF0dXJl"))


@pytest.mark.parametrize("names", [("jku", "x5u", "jwk"), ("kid",)], ids=str)
def test_no_token_tells_where_its_key_is(
    shop: RunningShop, canary: Canary, names: tuple[str, ...]
) -> None:
    """RFC 8725, 3.10; and a key is looked up among those that the issuer has published."""
    where = canary.addresses[0]
    named = {name: {"kty": "RSA", "x5u": where} if name == "jwk" else where for name in names}
    header = {"alg": "RS256", "typ": "at+jwt", **named}
    token = unsecured(header, {"iss": where, "aud": "shop", "sub": "x", "exp": 9_999_999_999})
    for path in ("/api/v1/orders/", "/api/v1/payments/", "/api/v1/users/me/", "/o/userinfo/"):
        bearer = {"Authorization": f"Bearer {token}"}
        assert shop.call("GET", path, user=None, headers=bearer).status_code == 401
    for parameter in ("client_assertion", "id_token_hint", "request", "token", "assertion"):
        form = {
            parameter: token,
            "client_id": "storefront",
            "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        }
        for path in ("/o/token/", "/o/introspect/"):
            assert shop.call("POST", path, user=None, data=form).status_code < 500
        for path in ("/o/logout/", "/o/authorize/"):
            assert shop.call("GET", path, user=None, params=form).status_code < 500


def test_no_header_makes_a_service_come(shop: RunningShop, canary: Canary) -> None:
    for name in TRUSTED_BY_PROXIES:
        for path in (
            "/",
            "/auth/sign-in/",
            "/o/.well-known/openid-configuration",
            "/api/v1/orders/",
        ):
            value = f"127.0.0.1:{canary.port}" if name == "Host" else canary.addresses[0]
            answer = shop.call("GET", path, headers={name: value})
            assert answer.status_code < 500
            if name == "Host" and path.startswith("/api/"):
                continue  # the next page's address says this machine's name as the client wrote it
            where = answer.text + answer.headers.get("location", "")
            # A sign-in keeps the page that it came from, as a path of the shop.
            assert f"127.0.0.1:{canary.port}" not in where, f"{name} {path}: {where[:300]}"


def test_no_field_of_a_page_makes_a_service_come(
    shop: RunningShop, canary: Canary, password: str, browser: Callable[[], Browser]
) -> None:
    own = browser().sign_in("bob", password)
    page = own.get(f"/products/{shop.in_stock(1)[0]}/")
    own.send("POST", "/basket/add/", data={**own.csrf(), "sku": "TL-101", "quantity": "1"})
    for address in ("/", "/basket/", "/checkout/", "/orders/", page.url):
        shown = own.get(address)
        for form in forms(shown):
            if "sign-out" in form.action:
                continue
            names = [name for name in form.values if name != "csrfmiddlewaretoken"]
            for where in canary.addresses[:3]:
                answer = own.submit(shown, form, **dict.fromkeys(names, where))
                assert answer.status_code < 500
                assert not answer.headers.get("location", "").startswith(where)


def test_a_paying_token_that_is_an_address_is_just_declined(
    shop: RunningShop, canary: Canary
) -> None:
    sku = shop.with_stock(20)
    orders = [shop.place((sku, 1), payment_token=where) for where in canary.addresses]
    for order in orders:
        settled = shop.settled(order)
        assert (settled["status"], settled["reason"]) == ("cancelled", "payment_declined")
