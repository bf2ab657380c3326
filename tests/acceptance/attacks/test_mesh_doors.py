"""Who gets as far as a mesh listener needs a certificate of the system, and a right.

The sockets may be opened here because the tests run as the same user; in a pod they are ports.
"""

import json
import re
import socket
import ssl
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from joserfc.jwk import RSAKey

from tests.acceptance.attacks import svid, wire
from tests.acceptance.attacks.attacked_shop import AttackedShop
from tests.acceptance.attacks.evidence import OPERATION, Evidence
from tests.acceptance.attacks.svid import Papers, Signer, uri
from tests.bad_tokens import BAD, Forger, attacker
from tests.integration.gateway.harness import exchange

SERVICES = ("users", "products", "orders", "payments", "storefront", "probe")
OPERATIONS = {
    "products": "shop.products.v1.Products/categories",
    "payments": "shop.payments.v1.Payments/void",
    "orders": "shop.orders.v1.Orders/mine",
    "users": "shop.users.v1.Users/export",
}
NEEDED = {
    ("orders", "products"),
    ("orders", "payments"),
    ("orders", "users"),
    ("storefront", "products"),
    ("storefront", "orders"),
}
"""Who calls whom in the shop, read by a person. Whatever else is let in is let in by mistake."""


# ── who is nobody ─────────────────────────────────────────────────────────────────────────────────

Forgery = Callable[[Path, AttackedShop], Papers | None]


def _own(shop: AttackedShop) -> Signer:
    secrets = shop.private.secrets
    return Signer.read(secrets / "authority.crt", secrets / "authority.key")


def _service(shop: AttackedShop, name: str) -> Papers:
    folder = shop.private.certificates / name
    return Papers(folder / "tls.crt", folder / "tls.key")


def _stolen(shop: AttackedShop) -> Signer:
    papers = _service(shop, "payments")
    return Signer.read(papers.certificate, papers.key)


ORDERS = "spiffe://shop/orders"
DAY = timedelta(days=1)
FORGERIES: dict[str, Forgery] = {
    "no certificate": lambda folder, shop: None,
    "one that signs itself": lambda folder, shop: svid.leaf(folder, [uri(ORDERS)], None),
    "one of another authority": lambda folder, shop: svid.leaf(
        folder, [uri(ORDERS)], svid.authority("elsewhere")
    ),
    "one of an authority of our own's name": lambda folder, shop: svid.leaf(
        folder, [uri(ORDERS)], _namesake(shop)
    ),
    "an expired one": lambda folder, shop: svid.leaf(
        folder, [uri(ORDERS)], _own(shop), began=-2 * DAY, ends=-DAY
    ),
    "one that is not valid yet": lambda folder, shop: svid.leaf(
        folder, [uri(ORDERS)], _own(shop), began=DAY, ends=2 * DAY
    ),
    "one of another system": lambda folder, shop: svid.leaf(
        folder, [uri("spiffe://other/orders")], _own(shop)
    ),
    "one of a system that begins alike": lambda folder, shop: svid.leaf(
        folder, [uri("spiffe://shop.evil/orders")], _own(shop)
    ),
    "one without an identity": lambda folder, shop: svid.leaf(
        folder, [], _own(shop), common_name="orders"
    ),
    "an identity as a DNS name": lambda folder, shop: svid.leaf(
        folder, [x509.DNSName("orders")], _own(shop)
    ),
    "one signed by a stolen leaf": lambda folder, shop: svid.leaf(
        folder, [uri(ORDERS)], _stolen(shop), chain=True
    ),
    "an identity in upper case": lambda folder, shop: svid.leaf(
        folder, [uri("SPIFFE://SHOP/ORDERS")], _own(shop)
    ),
    "an unknown service": lambda folder, shop: svid.leaf(
        folder, [uri("spiffe://shop/nobody")], _own(shop)
    ),
    "an identity below a service's": lambda folder, shop: svid.leaf(
        folder, [uri("spiffe://shop/orders/x")], _own(shop)
    ),
    "an identity that climbs": lambda folder, shop: svid.leaf(
        folder, [uri("spiffe://shop/x/../orders")], _own(shop)
    ),
    "another service's": lambda folder, shop: _service(shop, "payments"),
    "the gateway's": lambda folder, shop: _service(shop, "gateway"),
}


def _namesake(shop: AttackedShop) -> Signer:
    [own] = _own(shop).certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return svid.authority(str(own.value))


@pytest.mark.parametrize("what", FORGERIES)
def test_an_operation_is_not_done_for(
    shop: AttackedShop, evidence: Evidence, tmp_path: Path, what: str
) -> None:
    marker = evidence.marker()
    papers = FORGERIES[what](tmp_path, shop)
    answer = _ask(shop, "products", papers, f"/{OPERATION}", evidence.arguments(marker))
    assert answer is None or answer.status == 403, answer
    evidence.settle()
    assert not evidence.operation_ran(marker)


def test_it_is_done_for_those_who_need_it(shop: AttackedShop, evidence: Evidence) -> None:
    """The control: the very same request with the certificate of orders."""
    marker = evidence.marker()
    body = evidence.arguments(marker)
    answer = _ask(shop, "products", _service(shop, "orders"), f"/{OPERATION}", body)
    assert answer is not None
    assert answer.status == 200, answer
    evidence.settle()
    assert evidence.operation_ran(marker)


def test_plain_http_is_not_answered(shop: AttackedShop, evidence: Evidence) -> None:
    marker = evidence.marker()
    sent = wire.request("POST", f"/{OPERATION}", (), evidence.arguments(marker))
    for service in SERVICES:
        assert b"HTTP/" not in exchange(_socket(shop, service), sent)
    evidence.settle()
    assert not evidence.operation_ran(marker)


def test_tls_1_2_is_not_spoken(shop: AttackedShop) -> None:
    context = _context(shop, _service(shop, "orders"))
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises(ssl.SSLError):
        _connect(shop, "products", context)


def test_a_session_is_not_taken_up_again(shop: AttackedShop) -> None:
    """A resumed session shows no certificate: an expired one would go on for as long."""
    context = _context(shop, _service(shop, "orders"))
    sent = wire.request("GET", "/.ramet/ready")
    with _connect(shop, "products", context) as first:
        first.sendall(sent)
        assert first.recv(65536)  # by now a ticket would have come
        session = first.session
    with _connect(shop, "products", context, session) as second:
        second.sendall(sent)
        assert second.recv(65536)
        assert not second.session_reused


# ── who is somebody, and may not ─────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("callee", OPERATIONS)
@pytest.mark.parametrize("caller", ["gateway", *SERVICES])
def test_a_service_may_call_what_its_code_needs_and_nothing_else(
    shop: AttackedShop, caller: str, callee: str
) -> None:
    """The confused deputy: what somebody is trusted with is no right to anything else."""
    papers = _service(shop, caller)
    answer = _ask(shop, callee, papers, f"/.ramet/calls/{OPERATIONS[callee]}", b"{}")
    assert answer is not None
    if (caller, callee) in NEEDED:
        # By whatever reason the service itself may have: it was asked.
        assert b"its code shows no need" not in answer.body, answer
    else:
        assert answer.status == 403, answer
        refusal = json.loads(answer.body)
        assert refusal["code"] == "permission_denied"
        assert f"spiffe://shop/{caller}" in refusal["message"]
        assert OPERATIONS[callee] in refusal["message"]


@pytest.mark.parametrize("caller", ["payments", "storefront", "probe"])
def test_public_routes_are_for_the_gateway(shop: AttackedShop, caller: str) -> None:
    """Past the gateway there are no limits, and no check of tokens but the service's own."""
    routes = {"orders": "/api/v1/orders/", "users": "/o/token/", "probe": "/probe/echo"}
    for callee, route in routes.items():
        # The storefront signs people in by the provider's own routes, and its code shows it.
        if callee != caller and (caller, callee) != ("storefront", "users"):
            answer = _ask(shop, callee, _service(shop, caller), route)
            assert answer is not None
            assert answer.status == 403, (callee, answer)


@pytest.mark.parametrize(
    "path",
    [
        "/.ramet/calls/shop.products.v1.Products/../../../../api/v1/products/",
        "/.ramet/calls/shop.orders.v1.Orders/%2e%2e/shop.products.v1.Products/release",
        "/api/v1/products/../../../.ramet/calls/shop.products.v1.Products/release",
        "/api/v1/products/%2e%2e/%2e%2e/%2e%2e/.ramet/calls/shop.products.v1.Products/release",
        "/api/v1/products/..%2f..%2f..%2f.ramet/calls/shop.products.v1.Products/release",
        "//.ramet/calls/shop.products.v1.Products/release",
        "/.ramet/calls/shop.products.v1.Productsx/../Products/release",
        "/.RAMET/calls/shop.products.v1.Products/release",
    ],
)
@pytest.mark.parametrize("caller", ["payments", "gateway"])
def test_no_spelling_widens_a_right(
    shop: AttackedShop, evidence: Evidence, caller: str, path: str
) -> None:
    marker = evidence.marker()
    _ask(shop, "products", _service(shop, caller), path, evidence.arguments(marker))
    evidence.settle()
    assert not evidence.operation_ran(marker)


@pytest.mark.parametrize(
    "header",
    [
        f"x-ramet-caller: {ORDERS}",
        f"X-Ramet-Caller: {ORDERS}",
        f"x-forwarded-client-cert: By=spiffe://shop/products;URI={ORDERS}",
        f"x_ramet_caller: {ORDERS}",
        "x-ramet-service: payments",
        "x-envoy-original-path: /api/v1/products/",
        "x-ramet-idempotent: 1",
    ],
)
def test_a_header_is_no_certificate(shop: AttackedShop, evidence: Evidence, header: str) -> None:
    marker = evidence.marker()
    body = evidence.arguments(marker)
    papers = _service(shop, "payments")
    answer = _ask(shop, "products", papers, f"/{OPERATION}", body, header)
    assert answer is None or answer.status in {400, 403}, answer
    evidence.settle()
    assert not evidence.operation_ran(marker)


def test_what_a_service_hears_of_its_caller_is_from_the_certificate(shop: AttackedShop) -> None:
    marker = str(uuid.uuid4())
    claimed = (f"x-ramet-caller: {ORDERS}", f"x-forwarded-client-cert: URI={ORDERS}")
    for headers in ((), claimed):
        answer = _ask(shop, "probe", _service(shop, "gateway"), f"/probe/{marker}", None, *headers)
        assert answer is not None
        heard = dict(json.loads(answer.body)["headers"])
        assert heard["x-ramet-caller"] == "spiffe://shop/gateway"
        assert "x-forwarded-client-cert" not in heard


# ── a service's own way out ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("caller", "callee"),
    [
        ("payments", "products"),
        ("storefront", "payments"),
        ("orders", "storefront"),
        ("orders", "nobody"),
        ("orders", "gateway"),
        ("orders", ""),
    ],
)
def test_a_service_has_no_way_to_those_it_does_not_call(
    shop: AttackedShop, caller: str, callee: str
) -> None:
    """Not even with its own certificate: its way out does not lead there."""
    path = f"/.ramet/calls/{OPERATIONS.get(callee, OPERATIONS['products'])}"
    named = [f"x-ramet-service: {callee}", f"x-ramet-caller: {ORDERS}"]
    out = str(shop.private.run / f"{caller}.out.sock")
    received = exchange(out, wire.request("POST", path, named, b"{}"))
    assert re.match(rb"HTTP/1.1 403 ", received), received


def test_every_socket_and_key_is_its_owners_alone(shop: AttackedShop) -> None:
    for path in (*shop.private.run.iterdir(), *shop.private.secrets.rglob("*")):
        mode = path.stat().st_mode & 0o777
        assert mode in {0o600, 0o700}, (path, oct(mode))


# ── tokens over the mesh ──────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def forger(shop: AttackedShop) -> Forger:
    """Who has got hold of the signing key, for faults of genuine tokens."""
    return Forger(RSAKey.import_key(shop.signing_key()), f"{shop.url}/o", "shop")


@pytest.fixture(scope="module")
def asked(forger: Forger) -> Iterator[list[str]]:
    """What the attacker's key server was asked."""
    with attacker(forger) as paths:
        yield paths


def test_a_good_token_of_the_same_forge_is_believed(
    shop: AttackedShop, evidence: Evidence, forger: Forger
) -> None:
    assert _release(shop, evidence, forger.token()) == (200, True)


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.__name__)
def test_a_good_certificate_does_not_make_a_bad_token_good(
    shop: AttackedShop,
    evidence: Evidence,
    forger: Forger,
    asked: list[str],
    bad: Callable[[Forger], str],
) -> None:
    """Among them one for another audience: the service that it was given to may not pass it on."""
    assert _release(shop, evidence, bad(forger)) == (401, False)
    assert asked == [], "somebody fetched a key from where the token says"


def _release(shop: AttackedShop, evidence: Evidence, token: str) -> tuple[int, bool]:
    """The status of OPERATION for orders with this token, and whether it was executed."""
    marker = evidence.marker()
    body, bearer = evidence.arguments(marker), f"Authorization: Bearer {token}"
    answer = _ask(shop, "products", _service(shop, "orders"), f"/{OPERATION}", body, bearer)
    assert answer is not None
    evidence.settle()
    return answer.status, evidence.operation_ran(marker)


# ── what the tests above share ────────────────────────────────────────────────────────────────────


def _socket(shop: AttackedShop, service: str) -> str:
    return str(shop.private.run / f"{service}.mesh.sock")


def _context(shop: AttackedShop, papers: Papers | None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False  # the name is a SPIFFE id, which Python does not look at
    context.load_verify_locations(shop.private.certificates / "gateway" / "ca.crt")
    if papers:
        context.load_cert_chain(papers.certificate, papers.key)
    return context


def _connect(
    shop: AttackedShop,
    service: str,
    context: ssl.SSLContext,
    session: ssl.SSLSession | None = None,
) -> ssl.SSLSocket:
    plain = socket.socket(socket.AF_UNIX)
    plain.settimeout(5)
    plain.connect(_socket(shop, service))
    return context.wrap_socket(plain, session=session)


def _ask(
    shop: AttackedShop,
    service: str,
    papers: Papers | None,
    path: str,
    body: bytes | None = None,
    *headers: str,
) -> wire.Answer | None:
    """The answer over a service's mesh listener; None where there was none."""
    method = "GET" if body is None else "POST"
    sent = wire.request(method, path, headers, body or b"")
    try:
        connection = _connect(shop, service, _context(shop, papers))
    except (ssl.SSLError, ConnectionError):
        return None
    found: list[Any] = wire.answers(wire.exchange(connection, sent))
    return found[0] if found else None
