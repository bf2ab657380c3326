"""However a path is spelt, it comes only where its plain spelling belongs, and nowhere private.

All attacks are sent first, then both witnesses are read once, then each attack is judged: by what
the services saw, not by what the attacker was told.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from tests.acceptance.attacks import path_tricks, wire
from tests.acceptance.attacks.attacked_shop import AttackedShop
from tests.acceptance.attacks.evidence import OPERATION, Evidence
from tests.acceptance.attacks.path_tricks import HEADERS, HOSTS, METHODS, SPELLINGS
from tests.integration.gateway.harness import exchange as over_a_socket

Sent = dict[str, list[tuple[str, str]]]
"""By attack: the markers, each with what was sent."""
VIEW = "api/v1/orders/"


def test_a_breach_would_be_seen(shop: AttackedShop, evidence: Evidence) -> None:
    """The control: the same operation where it may be asked, and the same path where it belongs."""
    asked, passed = evidence.marker(), evidence.marker()
    body = evidence.arguments(asked)
    socket = shop.private.run / "products.web.sock"
    assert b" 200 " in over_a_socket(str(socket), wire.request("POST", f"/{OPERATION}", (), body))
    answer = shop.call("GET", "/api/v1/orders/", headers={"User-Agent": passed})
    assert answer.status_code == 200

    evidence.settle()
    assert evidence.operation_ran(asked)
    assert [request.service for request in evidence.reached(passed)] == ["orders"]
    assert "a private view, answered" in evidence.breaches(passed)[0]


# ── paths ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module", params=["HTTP/1.1", "HTTP/2"])
def spelt(request: pytest.FixtureRequest, shop: AttackedShop, evidence: Evidence) -> Sent:
    """Every spelling of every goal, as a request target or as `:path`, which may hold any byte."""
    ask = _ask if request.param == "HTTP/1.1" else _ask_over_http2
    tricks = [trick for spelling in SPELLINGS for trick in path_tricks.spelt(spelling)]
    marked = [(evidence.marker(), trick) for trick in tricks]
    with ThreadPoolExecutor(8) as attackers:  # a refused connection is held open for a second
        for _ in attackers.map(
            lambda one: ask(shop, one[0], one[1].method, one[1].target, evidence), marked
        ):
            pass
    evidence.settle()
    sent: Sent = {}
    for marker, trick in marked:
        sent.setdefault(trick.spelling, []).append((marker, trick.target))
    return sent


@pytest.mark.parametrize("spelling", SPELLINGS, ids=SPELLINGS.values())
def test_no_spelling_of_a_path_gets_by(spelt: Sent, evidence: Evidence, spelling: str) -> None:
    _assert_no_breach(spelt[spelling], evidence)


# ── headers, hosts, methods ───────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def rewritten(shop: AttackedShop, evidence: Evidence) -> Sent:
    """Requests for public paths whose headers name others."""
    sent: Sent = {}
    for header in HEADERS:
        for goal in (OPERATION, VIEW):
            for public in ("/", "/probe/echo", "/api/v1/products/"):
                marker, line = evidence.marker(), header.replace("{goal}", goal)
                method = "POST" if goal == OPERATION else "GET"
                _ask(shop, marker, method, public, evidence, line)
                sent.setdefault(header, []).append((marker, f"{method} {public} {line}"))
    evidence.settle()
    return sent


@pytest.mark.parametrize("header", HEADERS)
def test_no_header_turns_a_path_into_another(
    rewritten: Sent, evidence: Evidence, header: str
) -> None:
    _assert_no_breach(rewritten[header], evidence)


@pytest.mark.parametrize("host", HOSTS)
def test_no_host_leads_elsewhere(shop: AttackedShop, evidence: Evidence, host: str) -> None:
    asked, viewed, echoed = (evidence.marker() for _ in range(3))
    _ask(shop, asked, "POST", f"/{OPERATION}", evidence, host=host)
    _ask(shop, viewed, "GET", f"/{VIEW}", evidence, host=host)
    answer = _ask(shop, echoed, "GET", "/probe/echo", evidence, host=host)
    evidence.settle()
    _assert_no_breach([(asked, host), (viewed, host), (echoed, host)], evidence)
    # By its path and nothing else, whoever it was sent to.
    assert {request.service for request in evidence.reached(echoed)} <= {"probe"}, answer


def test_two_hosts_are_refused(shop: AttackedShop, evidence: Evidence) -> None:
    """RFC 9112, section 3.2: a request with more than one Host, or none, is answered with 400."""
    marker = evidence.marker()
    two = wire.request("GET", "/probe/echo", ["Host: products", f"User-Agent: {marker}"])
    none = two.replace(b"Host: localhost\r\n", b"").replace(b"Host: products\r\n", b"")
    for sent in (two, none):
        assert wire.exchange(shop.dial(), sent).startswith(b"HTTP/1.1 400 "), sent
    evidence.settle()
    assert evidence.reached(marker) == []


@pytest.mark.parametrize("method", METHODS)
def test_no_method_opens_another_way(shop: AttackedShop, evidence: Evidence, method: str) -> None:
    sent = []
    for target in ("*", f"/{OPERATION}", f"/{VIEW}", "products:80", "127.0.0.1:8001"):
        marker = evidence.marker()
        answer = _ask(shop, marker, method, target, evidence)
        assert not answer.startswith(b"HTTP/1.1 2"), (method, target, answer)
        assert marker.encode() not in answer, "an echo shows what a browser hides from scripts"
        sent.append((marker, f"{method} {target}"))
    evidence.settle()
    _assert_no_breach(sent, evidence)


def test_http2_has_no_tunnel_and_no_second_authority(
    shop: AttackedShop, evidence: Evidence
) -> None:
    """RFC 9113, section 8.3: each pseudo-header once, and before all others; 8.5: CONNECT."""
    path = f"/{OPERATION}".encode()
    plain = wire.pseudo("GET", "/probe/echo")
    tricks: dict[str, list[wire.Header]] = {
        "CONNECT to a service": [(b":method", b"CONNECT"), (b":authority", b"products:80")],
        "a WebSocket to an operation (RFC 8441)": [
            *wire.pseudo("CONNECT", f"/{OPERATION}"),
            (b":protocol", b"websocket"),
        ],
        "two paths": [*plain, (b":path", path)],
        "two methods": [*plain, (b":method", b"POST")],
        "two authorities": [*plain, (b":authority", b"products")],
        "a path after the headers": [*plain[:3], (b"accept", b"*/*"), (b":path", path)],
        "no path": plain[:3],
        "an empty path": [*plain[:3], (b":path", b"")],
        "an unknown pseudo-header": [*plain, (b":original-path", path)],
        "host and authority differ": [*plain, (b"host", b"products")],
        "upper case": [*plain[:3], (b":PATH", path)],
        "a scheme with a path": [
            plain[0],
            (b":scheme", b"http://products/.ramet/ready?"),
            *plain[2:],
        ],
    }
    sent = []
    for what, headers in tricks.items():
        marker = evidence.marker()
        connection = wire.Http2(shop.dial())
        answer = connection.ask([*headers, (b"user-agent", marker.encode())])
        connection.close()
        sent.append((marker, what))
        if what not in ("host and authority differ", "a scheme with a path"):
            assert not 200 <= answer.status < 300, (what, answer)
    evidence.settle()
    _assert_no_breach(sent, evidence)


# ── other doors ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "path", ["/config_dump", "/clusters", "/server_info", "/stats", "/ready", "/quitquitquit"]
)
def test_the_gateways_own_interface_is_not_behind_the_gateway(
    shop: AttackedShop, path: str
) -> None:
    for method in ("GET", "POST"):
        answer = shop.call(method, path, user=None)
        assert answer.status_code in {403, 404, 405}, answer.text
        assert answer.headers.get("server") != "envoy"
    assert shop.call("GET", "/probe/echo", user=None).status_code == 200


def test_nothing_but_the_gateway_listens_beyond_this_machine(shop: AttackedShop) -> None:
    """Every other door is a Unix socket of mode 0600, or on loopback and asks for a password."""
    listening = dict(_listening(shop))
    assert shop.port in listening
    for port, address in listening.items():
        assert address in {"127.0.0.1", "::1"}, f"port {port} on {address}"
    names = {process["name"] for process in shop.processes() if process["pid"]}
    owners = {name.partition("-")[0] for name in names}
    assert owners >= {"envoy", "nats", "dashboard"}, owners
    # The gateway (for HTTP/3 too), NATS, the dashboard: a fourth is one that nobody knows of.
    assert len(listening) <= 3, listening
    for socket in shop.private.run.iterdir():
        assert socket.stat().st_mode & 0o077 == 0, socket


# ── what the tests above share ────────────────────────────────────────────────────────────────────


def _ask(
    shop: AttackedShop,
    marker: str,
    method: str,
    target: str,
    evidence: Evidence,
    *headers: str,
    host: str = "localhost",
) -> bytes:
    body = evidence.arguments(marker) if method == "POST" else b""
    named = [f"User-Agent: {marker}", *headers]
    sent = wire.request(method, target, named, body, host=host)
    return wire.exchange(shop.dial(), sent, silence=0.02)


def _ask_over_http2(
    shop: AttackedShop, marker: str, method: str, target: str, evidence: Evidence
) -> None:
    body = evidence.arguments(marker) if method == "POST" else b""
    named = [(b"user-agent", marker.encode()), (b"content-type", b"application/json")]
    connection = wire.Http2(shop.dial())
    connection.ask([*wire.pseudo(method, target), *named], body)
    connection.close()


def _assert_no_breach(sent: list[tuple[str, str]], evidence: Evidence) -> None:
    found = {what: evidence.breaches(marker) for marker, what in sent}
    assert not any(found.values()), {what: breach for what, breach in found.items() if breach}


def _listening(shop: AttackedShop) -> Iterator[tuple[int, str]]:
    for process in shop.processes():
        if process["pid"] is None:
            continue
        family = psutil.Process(process["pid"])
        for each in (family, *family.children(recursive=True)):
            for connection in each.net_connections(kind="inet"):
                if connection.status == psutil.CONN_LISTEN:
                    yield connection.laddr.port, connection.laddr.ip
