"""No bad token gets in anywhere: not through the gateway, and not past it at any service."""

import http.client
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from joserfc.jwk import RSAKey

from ramet.tools.local.folder import Folder
from tests.acceptance.running_shop import RunningShop
from tests.bad_tokens import BAD, Forger, attacker

pytestmark = pytest.mark.parametrize("shop", ["services"], indirect=True)

# A path of each service. That some answer to everybody does not make a bad token good.
PATHS = {
    "users": "/api/v1/users/me/",
    "products": "/api/v1/products/",
    "orders": "/api/v1/orders/",
    "payments": "/api/v1/payments/",
    "storefront": "/basket/",
}


@pytest.fixture(scope="module")
def forger(shop: RunningShop) -> Forger:
    """An attacker who has even got hold of the signing key, for faults of genuine tokens."""
    return Forger(RSAKey.import_key(shop.signing_key()), f"{shop.url}/o", "shop")


@pytest.fixture(scope="module")
def asked(forger: Forger) -> Iterator[list[str]]:
    """What the attacker's key server was asked."""
    with attacker(forger) as paths:
        yield paths


def through_the_gateway(shop: RunningShop, service: str, token: str) -> Any:
    address = ("127.0.0.1", shop.port)
    return _ask(http.client.HTTPConnection(*address), PATHS[service], token, shop)


def past_it(shop: RunningShop, service: str, token: str) -> Any:
    connection = http.client.HTTPConnection("localhost")
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.settimeout(20)
    connection.sock.connect(str(Folder(shop.folder).run / f"{service}.web.sock"))
    return _ask(connection, PATHS[service], token, shop)


def _ask(
    connection: http.client.HTTPConnection, path: str, token: str, shop: RunningShop
) -> http.client.HTTPResponse:
    connection.timeout = 20
    headers = {"Authorization": f"Bearer {token}", "Host": f"localhost:{shop.port}"}
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer


WAYS = [through_the_gateway, past_it]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize("service", PATHS)
def test_a_good_token_of_the_same_forge_gets_in(
    shop: RunningShop, forger: Forger, service: str, way: Callable[..., Any]
) -> None:
    """Or the others would be refused for another reason than theirs."""
    # There is no such user: 404 is what comes after the token was believed.
    assert way(shop, service, forger.token()).status in {200, 404}


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.__name__)
def test_a_bad_token_is_refused_by_every_service_and_by_the_gateway(
    shop: RunningShop, forger: Forger, asked: list[str], bad: Callable[[Forger], str]
) -> None:
    for service in PATHS:
        token = bad(forger)
        for way in WAYS:
            answer = way(shop, service, token)
            where = f"{service}, {way.__name__}"
            assert answer.status == 401, where
            assert answer.headers["Content-Type"] == "application/problem+json", where
            challenge = answer.headers["WWW-Authenticate"]
            assert challenge.startswith("Bearer "), where
            assert 'error="invalid_token"' in challenge, where
    assert asked == [], "somebody fetched a key from where the token says"
