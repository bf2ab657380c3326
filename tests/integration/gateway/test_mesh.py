"""Between services: who may call whom, proved by certificates, and what nobody can claim to be."""

import http.client
import json
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ramet.system.least_privilege import Grant
from ramet.tools.gateway import limits
from ramet.tools.local import trust
from ramet.tools.local.authority import Authority
from tests.integration.gateway.harness import CONTRACT, Answer, Edge, Received

ORDERS, PRODUCTS = (CONTRACT.format(service=name) for name in ("orders", "products"))
GRANTS = frozenset(
    {
        Grant("orders", ORDERS, "storefront", "test:1"),
        Grant("products", PRODUCTS, "orders", "test:1"),
        Grant("users", "", "storefront", "test:1"),
        Grant("storefront", "", "products", "test:1"),
    }
)

CUT_OFF = (ssl.SSLError, ConnectionError)
"""In TLS 1.3 a client is through before the server has judged its certificate: what it meets is the
server's alert, or the end of the connection where that comes first."""


@pytest.fixture(scope="module")
def running_edge() -> Iterator[Edge]:
    """Services with the rights that the shop's have, more or less."""
    edge = Edge(grants=GRANTS).start()
    try:
        yield edge
    finally:
        edge.stop()


def connect(
    edge: Edge, service: str, folder: Path | None, *, verify: bool = True
) -> http.client.HTTPConnection:
    """A TLS connection to a service's mesh listener with the certificate in `folder`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False  # names are SPIFFE ids here
    context.verify_mode = ssl.CERT_REQUIRED if verify else ssl.CERT_NONE
    if verify:
        context.load_verify_locations(edge.authority.folder / "gateway" / "ca.crt")
    if folder is not None:
        context.load_cert_chain(folder / "tls.crt", folder / "tls.key")
    plain = socket.socket(socket.AF_UNIX)
    plain.settimeout(10)
    plain.connect(edge.topology.mesh_address(service))
    connection = http.client.HTTPConnection("mesh", timeout=10)
    connection.sock = context.wrap_socket(plain)
    return connection


def ask(
    edge: Edge, service: str, folder: Path | None, path: str, **headers: str
) -> tuple[int, bytes]:
    """POST past every outbound socket, as somebody would who got hold of a certificate."""
    connection = connect(edge, service, folder)
    try:
        dashed = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request("POST", path, b"{}", dashed)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def operation(contract: str) -> str:
    return f"/.ramet/calls/{contract}/do"


def of(edge: Edge, service: str) -> Path:
    return edge.authority.folder / service


# ── who gets in ───────────────────────────────────────────────────────────────────────────────


def test_nobody_gets_in_without_a_certificate(edge: Edge) -> None:
    with pytest.raises(CUT_OFF):
        ask(edge, "orders", None, operation(ORDERS))
    assert edge.reached() == []


def test_nobody_gets_in_without_tls(edge: Edge) -> None:
    with socket.socket(socket.AF_UNIX) as plain:
        plain.settimeout(10)
        plain.connect(edge.topology.mesh_address("orders"))
        plain.sendall(b"GET /api/v1/orders/ HTTP/1.1\r\nHost: x\r\n\r\n")
        with suppress(ConnectionResetError):
            assert b"HTTP" not in plain.recv(1000)
    assert edge.reached() == []


@pytest.mark.parametrize("case", ["of a foreign authority", "expired", "of another system"])
def test_a_certificate_that_proves_nothing_is_refused(
    edge: Edge, tmp_path: Path, case: str
) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=3)
    if case == "of a foreign authority":
        foreign = Authority("shop", tmp_path, tmp_path / "certificates")
        foreign.renew(["storefront"])
    else:
        name = "bank" if case == "of another system" else "shop"
        foreign = Authority(name, edge.folder / "secrets", tmp_path / "certificates")
        foreign.renew(["storefront"], now=long_ago if case == "expired" else None)
    with pytest.raises(CUT_OFF):
        ask(edge, "orders", foreign.folder / "storefront", operation(ORDERS))
    assert edge.reached() == []


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_only_tls_1_3_is_spoken(edge: Edge, version: ssl.TLSVersion) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = context.maximum_version = version
    folder = of(edge, "storefront")
    context.load_cert_chain(folder / "tls.crt", folder / "tls.key")
    with socket.socket(socket.AF_UNIX) as plain:
        plain.settimeout(10)
        plain.connect(edge.topology.mesh_address("orders"))
        if version is ssl.TLSVersion.TLSv1_2:
            with pytest.raises(ssl.SSLError, match=r"(?i)version"):
                context.wrap_socket(plain)
        else:
            assert context.wrap_socket(plain).version() == "TLSv1.3"


def test_a_caller_does_not_talk_to_whoever_listens_in_the_place_of_another(
    changing: Edge, eventually: Callable[..., object]
) -> None:
    """The certificate of orders does not make it products, though both are of the system."""
    assert changing.call("products", caller="orders").status == 200
    impostor = {"products": changing.topology.mesh_address("orders")}
    changing.mesh_addresses = impostor
    changing.configure()
    eventually(lambda: changing.call("products", caller="orders").status == 503, within=5)


# ── who may what ──────────────────────────────────────────────────────────────────────────────


def test_whoever_imports_a_contract_may_call_it(edge: Edge) -> None:
    assert edge.call("orders", caller="storefront").status == 200
    assert edge.call("products", caller="orders").status == 200


def test_another_services_certificate_opens_no_operation_and_the_answer_names_both(
    edge: Edge,
) -> None:
    status, body = ask(edge, "products", of(edge, "users"), operation(PRODUCTS))
    assert status == 403
    refusal = json.loads(body)
    assert refusal["code"] == "permission_denied"
    assert "spiffe://shop/users" in refusal["message"]
    assert f"{PRODUCTS}/do of products" in refusal["message"]
    assert edge.reached() == []


@pytest.mark.parametrize(
    "path",
    [
        operation("shop.orders.v2.Contract"),
        f"/.ramet/calls/{ORDERS}",
        f"/.ramet/calls/{ORDERS}x/do",
        f"/.ramet/calls/{ORDERS}/../{PRODUCTS}/do",
        "/.ramet/ready",
        "/.ramet/metrics",
        "/api/v1/orders/",
        "/",
    ],
)
def test_a_right_to_one_contract_is_a_right_to_nothing_else(edge: Edge, path: str) -> None:
    status, body = ask(edge, "orders", of(edge, "storefront"), path)
    assert status == 403
    assert json.loads(body)["code"] == "permission_denied"
    assert edge.reached() == []


def test_the_gateway_may_ask_for_public_routes_and_call_no_operation(edge: Edge) -> None:
    assert ask(edge, "orders", of(edge, "gateway"), "/api/v1/orders/")[0] == 200
    edge.forget()
    assert ask(edge, "orders", of(edge, "gateway"), operation(ORDERS))[0] == 403
    assert ask(edge, "orders", of(edge, "gateway"), "/.ramet/ready")[0] == 403
    assert edge.reached() == []


def test_public_routes_are_for_services_whose_code_asks_for_them(edge: Edge) -> None:
    assert edge.call("users", "/o/token/", caller="storefront").status == 200
    assert ask(edge, "users", of(edge, "products"), "/o/token/")[0] == 403


@pytest.mark.parametrize("visitor", ["gateway", "products"])
@pytest.mark.parametrize(
    "path", ["/.ramet/metrics", "/.ramet", operation("shop.storefront.v1.Contract"), "/.Ramet/x"]
)
def test_a_route_for_everything_is_none_for_what_services_say_to_each_other(
    edge: Edge, visitor: str, path: str
) -> None:
    """Nor for operations of a contract that nobody imports."""
    assert ask(edge, "storefront", of(edge, visitor), "/anything")[0] == 200
    edge.forget()
    assert ask(edge, "storefront", of(edge, visitor), path)[0] == 403
    assert edge.reached() == []


def test_every_service_may_read_the_issuers_keys(edge: Edge) -> None:
    for caller in ("orders", "products", "storefront"):
        answer = edge.call("users", "/o/.well-known/jwks.json", caller=caller, method="GET")
        assert answer.json()["keys"]


@pytest.mark.parametrize("named", ["users", "nobody", "orders, products", ""])
def test_the_way_out_leads_to_those_alone_whom_the_code_calls(edge: Edge, named: str) -> None:
    answer = edge.call("orders", caller="products", x_ramet_service=named)
    assert answer.status == 403
    assert answer.json()["code"] == "permission_denied"
    assert answer.json()["message"].startswith(f"products may not call {named}:")
    assert edge.reached() == []


def test_a_new_right_holds_at_once_for_connections_that_are_open(
    changing: Edge, eventually: Callable[..., object]
) -> None:
    connection = connect(changing, "products", of(changing, "storefront"))

    def status() -> int:
        connection.request("GET", operation(PRODUCTS))
        answer = connection.getresponse()
        answer.read()
        return answer.status

    assert status() == 403
    kept = connection.sock
    given = Grant("products", PRODUCTS, "storefront", "test:2")
    changing.grants = GRANTS | {given}
    assert "lds.json" not in changing.configure()
    eventually(lambda: status() == 200, within=5)
    changing.grants = GRANTS
    changing.configure()
    eventually(lambda: status() == 403, within=5)
    assert connection.sock is kept
    connection.close()


# ── who is calling ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("claimed", ["spiffe://shop/gateway", "spiffe://shop/orders", ""])
def test_no_header_makes_a_service_another_one(edge: Edge, claimed: str) -> None:
    status, _ = ask(
        edge,
        "orders",
        of(edge, "storefront"),
        operation(ORDERS),
        x_ramet_caller=claimed,
        x_ramet_service="products",
        x_forwarded_client_cert=f"URI={claimed}",
    )
    assert status == 200
    [request] = edge.upstreams["orders"].received
    assert request.headers.get_all("x-ramet-caller") == ["spiffe://shop/storefront"]
    assert request.headers["x-forwarded-client-cert"] is None
    assert request.headers["x-ramet-service"] is None


def test_a_header_with_an_underscore_is_refused(edge: Edge) -> None:
    connection = connect(edge, "orders", of(edge, "storefront"))
    connection.request("POST", operation(ORDERS), b"{}", {"X_Ramet_Caller": "spiffe://shop/x"})
    assert connection.getresponse().status == 400
    connection.close()
    assert edge.reached() == []


def test_the_way_out_says_who_calls_whatever_the_request_says(edge: Edge) -> None:
    edge.call("products", caller="orders", x_ramet_caller="storefront")
    [request] = edge.upstreams["products"].received
    assert request.headers.get_all("x-ramet-caller") == ["spiffe://shop/orders"]


# ── deadlines and retries ─────────────────────────────────────────────────────────────────────


def test_the_callers_time_out_reaches_the_service_and_ends_the_request(edge: Edge) -> None:
    released = threading.Event()

    def hangs(request: Received) -> tuple[int, Mapping[str, str], bytes]:
        released.wait(10)
        return 200, {}, b"late"

    edge.upstreams["orders"].respond = hangs
    answer = edge.call("orders", caller="storefront", x_envoy_upstream_rq_timeout_ms="300")
    released.set()
    assert answer.status == 504
    assert answer.json()["code"] == "deadline_exceeded"
    [request] = edge.upstreams["orders"].received
    assert request.headers["x-envoy-expected-rq-timeout-ms"] == "300"


def fails(request: Received) -> tuple[int, Mapping[str, str], bytes]:
    return 503, {}, b"busy"


def hangs_up(request: Received) -> None:
    return None


@pytest.mark.parametrize(("failing", "tries"), [(fails, 1), (hangs_up, 2)])
def test_two_hops_try_twice_what_was_lost_and_once_what_was_answered(
    edge: Edge, failing: Callable[[Received], None], tries: int
) -> None:
    edge.upstreams["orders"].respond = failing
    answer = edge.call("orders", caller="storefront", x_ramet_idempotent="1")
    assert answer.status == 503
    assert answer.headers["x-ramet-lost"] is None
    assert len(edge.upstreams["orders"].received) == tries


def test_a_service_cannot_have_its_answer_tried_again(edge: Edge) -> None:
    edge.upstreams["orders"].respond = lambda request: (503, {"x-ramet-lost": "1"}, b"")
    assert edge.get("/api/v1/orders/").status == 503
    assert len(edge.upstreams["orders"].received) == 1


def test_a_peer_cannot_ask_for_retries_at_the_service(edge: Edge) -> None:
    edge.upstreams["orders"].respond = hangs_up
    wanted = {"x_envoy_retry_on": "5xx", "x_envoy_max_retries": "9", "x_ramet_idempotent": "1"}
    assert ask(edge, "orders", of(edge, "storefront"), operation(ORDERS), **wanted)[0] == 503
    assert len(edge.upstreams["orders"].received) == 1


def test_an_answer_of_the_mesh_is_what_the_caller_can_read(edge: Edge) -> None:
    """A Connect error to a call; a problem to the gateway, which hands it on to its client."""
    edge.upstreams["orders"].respond = hangs_up
    refused = edge.call("orders", caller="storefront")
    assert refused.json() == {"code": "unavailable", "message": "The service cannot be reached."}
    answer = edge.get("/api/v1/orders/", method="POST", body=b"{}")
    assert answer.status == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["retry-after"] == "1"


# ── certificates change ───────────────────────────────────────────────────────────────────────


@pytest.fixture
def changing() -> Iterator[Edge]:
    """An Envoy of its own for each test."""
    edge = Edge(grants=GRANTS).start()
    try:
        yield edge
    finally:
        edge.stop()


def serial(edge: Edge, service: str) -> int:
    """Of the certificate that a service's listener shows now."""
    connection = connect(edge, service, of(edge, "storefront"))
    shown = connection.sock.getpeercert()
    connection.close()
    return int(shown["serialNumber"], 16)


def test_renewing_and_rotating_lose_no_request(
    changing: Edge, eventually: Callable[..., object]
) -> None:
    """Leaves first, then the authority itself: announced, taken up, and only then signing."""
    statuses: list[int] = []
    stop = threading.Event()

    def keep_asking(question: Callable[[], Answer]) -> None:
        while not stop.is_set():
            statuses.append(question().status)

    def changed(former: int) -> int:
        """The next certificate that orders shows."""
        eventually(lambda: serial(changing, "orders") != former, within=5)
        return serial(changing, "orders")

    questions: list[Callable[[], Answer]] = [
        lambda: changing.get("/api/v1/orders/", method="POST", body=b"{}"),
        lambda: changing.call("orders", caller="storefront"),
        lambda: changing.call("products", caller="orders"),
    ]
    asking = [threading.Thread(target=keep_asking, args=(each,)) for each in questions]
    for thread in asking:
        thread.start()
    members = ["gateway", *changing.routes]
    before = serial(changing, "orders")
    try:
        for _ in range(3):
            assert changing.authority.renew(members) == []
            for name in members:  # as at half their life, without waiting for it
                (of(changing, name) / "tls.crt").unlink()
            assert changing.authority.renew(members) == members
            before = changed(before)
        following = changing.authority.announce()
        asked = following, changing.authority.domain, changing.topology.admin_socket
        assert not trust.is_believed(*asked)
        assert changing.authority.renew(members) == []
        eventually(lambda: trust.is_believed(*asked), within=5)
        changing.authority.promote()
        assert changing.authority.renew(members) == members
        changed(before)
        seen = len(statuses)
        eventually(lambda: len(statuses) > seen + 20, within=20)
    finally:
        stop.set()
        for thread in asking:
            thread.join()
    assert set(statuses) == {200}


def test_a_connection_ends_some_time_and_loses_no_request(
    monkeypatch: pytest.MonkeyPatch, eventually: Callable[..., object]
) -> None:
    """Or a certificate would be good as long as its holder likes."""
    monkeypatch.setattr(limits, "MESH_CONNECTION", 1)
    edge = Edge(grants=GRANTS).start()
    try:
        connection = connect(edge, "orders", of(edge, "storefront"))

        def is_over() -> bool:
            connection.request("POST", operation(ORDERS), b"{}")
            answer = connection.getresponse()
            assert (answer.status, answer.read()) == (200, b"ok")
            return answer.headers["connection"] == "close"

        def opened() -> int:
            """How many connections calls of storefront's processes have needed."""
            assert edge.call("orders", caller="storefront").status == 200
            said = edge.admin("GET /stats?filter=http.mesh-orders.downstream_cx_total")
            [count] = re.findall(rb"cx_total: (\d+)", said)
            return int(count) - 1

        eventually(is_over)
        connection.close()
        eventually(lambda: opened() > 3)
    finally:
        edge.stop()
