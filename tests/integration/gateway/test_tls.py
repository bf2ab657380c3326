"""TLS at the edge: three versions of HTTP on one port, strong suites, renewal without a restart."""

import json
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ramet.tools.local import ports
from tests.integration.gateway import http3, papers
from tests.integration.gateway.harness import Edge, exchange

ORDERS = "/api/v1/orders/"


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    """A gateway that speaks TLS, and redirects from a plain port."""
    redirect_from = ("127.0.0.1", ports.unused())
    edge = Edge(gateway={"tls": "local", "redirect_from": redirect_from})
    edge.certificate = papers.certificate(tmp_path_factory.mktemp("tls"))
    edge.start()
    try:
        yield edge
    finally:
        edge.stop()


def curl(edge: Edge, *options: str, path: str = ORDERS) -> str:
    """What `curl --write-out` tells about an answer: version and status."""
    assert edge.certificate
    return subprocess.run(
        [
            *("curl", "--silent", "--output", "/dev/null", "--max-time", "10"),
            *("--cacert", str(edge.certificate[0]), "--write-out", "%{http_version} %{http_code}"),
            *(*options, f"https://localhost:{edge.port}{path}"),
        ],
        capture_output=True,
        text=True,
        check=False,
    ).stdout


def test_a_client_that_speaks_http_2_gets_it(secure: Edge) -> None:
    assert curl(secure, "--http2") == "2 200"


def test_a_client_of_http_1_is_served_as_well(secure: Edge) -> None:
    assert curl(secure, "--http1.1") == "1.1 200"


def test_http_3_is_spoken_on_the_same_port_and_offered_there(secure: Edge) -> None:
    assert secure.certificate
    secure.forget()
    offered = secure.get(ORDERS).headers["alt-svc"]
    assert offered == f'h3=":{secure.port}"; ma=86400'
    headers, body = http3.get(secure.port, f"{ORDERS}?over=quic", str(secure.certificate[0]))
    assert (headers[":status"], body) == ("200", b"ok")
    assert secure.reached()[-1] == ("orders", f"{ORDERS}?over=quic")


def test_the_same_rules_hold_over_http_3(secure: Edge) -> None:
    assert secure.certificate
    headers, _ = http3.get(secure.port, "/.ramet/ready", str(secure.certificate[0]))
    assert headers[":status"] == "404"


def test_no_request_over_http_3_comes_before_the_handshake_is_done(secure: Edge) -> None:
    """Whoever has recorded such a one can send it again (RFC 8446, section 8; RFC 8470)."""
    assert secure.certificate
    assert not http3.takes_early_data(secure.port, ORDERS, str(secure.certificate[0]))


def test_a_service_hears_that_the_client_spoke_tls(secure: Edge) -> None:
    secure.forget()
    secure.get(ORDERS, x_forwarded_proto="http")
    [request] = secure.upstreams["orders"].received
    assert request.headers.get_all("x-forwarded-proto") == ["https"]


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_old_tls_is_refused(secure: Edge, version: ssl.TLSVersion) -> None:
    context = secure.trusting()
    # Security level 0 lets this client offer what the server must not take.
    context.set_ciphers("DEFAULT@SECLEVEL=0")
    context.minimum_version = context.maximum_version = version
    with (
        socket.create_connection(("127.0.0.1", secure.port), 5) as plain,
        pytest.raises(ssl.SSLError, match="protocol version"),
    ):
        context.wrap_socket(plain, server_hostname="localhost")


def test_plain_http_on_the_tls_port_gets_nothing(secure: Edge) -> None:
    secure.forget()
    exchange(("127.0.0.1", secure.port), b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert secure.reached() == []


def test_the_plain_port_sends_everybody_to_the_public_url(secure: Edge) -> None:
    """Whatever Host says: a redirect to where the client points is a gift to whoever made it."""
    request = b"GET /a?b=1 HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"
    address = secure.gateway["redirect_from"]
    answer = exchange(address, request).decode()
    assert answer.startswith("HTTP/1.1 308 ")
    assert f"location: https://localhost:{secure.port}/a?b=1\r\n" in answer


def test_a_renewed_certificate_serves_new_connections_and_old_ones_go_on(
    tmp_path: Path, eventually: Callable[..., object]
) -> None:
    edge = Edge(gateway={"tls": "local"}, certificate=papers.certificate(tmp_path))
    edge.start()
    try:
        first = edge.trusting()
        with (
            socket.create_connection(("127.0.0.1", edge.port), 5) as plain,
            first.wrap_socket(plain, server_hostname="localhost") as kept,
        ):
            old = kept.getpeercert(binary_form=True)
            papers.certificate(tmp_path)

            def is_renewed() -> bool:
                shown = ssl.get_server_certificate(("127.0.0.1", edge.port), timeout=5)
                return ssl.PEM_cert_to_DER_cert(shown) != old

            eventually(is_renewed, what="the new certificate is served")
            assert edge.get(ORDERS).status == 200
            kept.sendall(f"GET {ORDERS} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            assert kept.recv(1024).startswith(b"HTTP/1.1 200 ")
    finally:
        edge.stop()


def test_sslyze_finds_nothing_old_or_weak(secure: Edge, root: Path, tmp_path: Path) -> None:
    """Mozilla's "intermediate": TLS 1.2 with forward secrecy and AEAD alone, and 1.3."""
    sslyze = root / ".venv-sslyze" / "bin" / "python"
    if not sslyze.exists():
        pytest.skip("no .venv-sslyze here: make .venv-sslyze/.installed")
    report = tmp_path / "sslyze.json"
    scans = ["--sslv2", "--sslv3", "--tlsv1", "--tlsv1_1", "--tlsv1_2", "--tlsv1_3"]
    scans += ["--heartbleed", "--robot", "--reneg", "--compression", "--openssl_ccs"]
    finished = subprocess.run(
        [
            *(str(sslyze), "-m", "sslyze", *scans),
            *("--json_out", str(report), f"127.0.0.1:{secure.port}"),
        ],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert report.exists(), finished.stdout + finished.stderr
    [found] = json.loads(report.read_text())["server_scan_results"]
    results = {name: scan["result"] for name, scan in found["scan_result"].items() if scan}
    accepted = {
        name.removesuffix("_cipher_suites"): {
            suite["cipher_suite"]["name"] for suite in result["accepted_cipher_suites"]
        }
        for name, result in results.items()
        if result and name.endswith("_cipher_suites")
    }
    assert {name for name, suites in accepted.items() if suites} == {"tls_1_2", "tls_1_3"}
    for suite in accepted["tls_1_2"]:
        assert suite.startswith("TLS_ECDHE_"), suite
        assert suite.endswith(("_GCM_SHA256", "_GCM_SHA384", "_POLY1305_SHA256")), suite
    assert results["heartbleed"]["is_vulnerable_to_heartbleed"] is False
    assert results["openssl_ccs_injection"]["is_vulnerable_to_ccs_injection"] is False
    assert results["tls_compression"]["supports_compression"] is False
    renegotiation = results["session_renegotiation"]
    assert renegotiation["is_vulnerable_to_client_renegotiation_dos"] is False
