"""Keys and certificates are replaced while customers shop, and none of their requests fails."""

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests
from cryptography import x509
from joserfc import jws

from tests.acceptance.attacks.attacked_shop import AttackedShop
from tests.conftest import eventually

# The next key has been published for eleven minutes before it may sign. Every process of this shop
# has read it at its start, so that all that is missing is the time.
_ELEVEN_MINUTES_LATER = """
from dataclasses import replace
from ramet.identity import keyfile, rotation
from ramet.placement import here
environment = here().environment
path, passphrase = environment.signing_keys, environment.signing_keys_passphrase
keyfile.replace(path, tuple(
    replace(key, since=key.since - rotation.PUBLISHED_FIRST) if key.state == "next" else key
    for key in keyfile.read(path, passphrase)
), passphrase)
"""


def test_a_rotation_of_the_signing_keys_fails_no_request(shop: AttackedShop) -> None:
    shop.ramet("manage", "users", "--", "shell", "-c", _ELEVEN_MINUTES_LATER)
    former = shop.token()
    with _customers(shop) as customers:
        customers.served(10)
        shop.ramet("keys", "rotate")
        customers.served(10)
        shop.tokens.clear()
        latter = shop.token()
        customers.served(20)
    assert _kid(latter) != _kid(former), "the same key goes on signing: nothing was rotated"
    for token in (former, latter):
        headers = {"Authorization": f"Bearer {token}"}
        assert shop.call("GET", "/api/v1/orders/", user=None, headers=headers).status_code == 200


def test_a_rotation_of_the_meshs_certificates_fails_no_request(shop: AttackedShop) -> None:
    former = _serials(shop)
    authority = (shop.private.secrets / "authority.crt").read_bytes()
    with _customers(shop) as customers:
        customers.served(10)
        shop.ramet("certificates", "rotate")
        eventually(
            lambda: (
                former.keys() == _serials(shop).keys()
                and not former.items() & _serials(shop).items()
            ),
            within=30,
            what="every certificate is a new one",
        )
        customers.served(20)
    assert (shop.private.secrets / "authority.crt").read_bytes() != authority


class _Customers:
    """What customers got; grows while they shop."""

    def __init__(self) -> None:
        self.failed: list[str] = []
        self.orders: list[str] = []
        self.answers = 0

    def served(self, more: int) -> None:
        """Wait until so many more requests were answered."""
        wanted = self.answers + more
        eventually(lambda: self.answers >= wanted, within=60, what=f"{more} more answers")


@contextmanager
def _customers(shop: AttackedShop) -> Iterator[_Customers]:
    """Two who go on looking and ordering; at the end nothing has failed, every order is done."""
    customers, done = _Customers(), threading.Event()
    sku = shop.with_stock(500)
    shop.token()

    def shopping() -> None:
        while not done.wait(0.1):
            for path in ("/", f"/api/v1/products/{sku}/", "/api/v1/orders/", "/probe/echo"):
                note(path, lambda path=path: shop.call("GET", path), 200)
            order = note("an order", lambda: shop.order((sku, 1), key=str(uuid.uuid4())), 202)
            if order is not None:
                customers.orders.append(order.json()["id"])

    def note(what: str, ask: Any, expected: int) -> requests.Response | None:
        try:
            answer: requests.Response = ask()
        except requests.RequestException as error:
            customers.failed.append(f"{what}: {error}")
            return None
        customers.answers += 1
        if answer.status_code == expected:
            return answer
        customers.failed.append(f"{what}: {answer.status_code} {answer.text[:300]}")
        return None

    threads = [threading.Thread(target=shopping) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        yield customers
    finally:
        done.set()
        for thread in threads:
            thread.join(60)
    assert customers.failed == []
    assert customers.orders
    for order in customers.orders:
        assert shop.settled(order, within=60)["status"] == "confirmed"


def _kid(token: str) -> str:
    kid: str = jws.extract_compact(token.encode()).headers()["kid"]
    return kid


def _serials(shop: AttackedShop) -> dict[str, int]:
    """The serial numbers of the services' certificates, by service."""
    return {
        path.parent.name: x509.load_pem_x509_certificate(path.read_bytes()).serial_number
        for path in shop.private.certificates.glob("*/tls.crt")
    }
