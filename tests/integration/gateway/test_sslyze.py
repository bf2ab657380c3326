"""What sslyze finds at the edge: TLS 1.2 and 1.3, forward secrecy alone, no known hole."""

from collections.abc import Iterator

import pytest

from tests.integration.gateway import papers
from tests.integration.gateway.harness import Edge
from tests.integration.gateway.sslyze import Scan, scan


@pytest.fixture(scope="module")
def edge_scan(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scan]:
    """One scan of a gateway that speaks TLS."""
    folder = tmp_path_factory.mktemp("sslyze")
    edge = Edge(gateway={"tls": "local"})
    edge.certificate = papers.certificate(folder)
    edge.start()
    try:
        yield scan(edge.port, folder)
    finally:
        edge.stop()


def test_the_edge_speaks_tls_1_2_and_1_3_only(edge_scan: Scan) -> None:
    assert set(edge_scan.suites()) == {"TLS 1.2", "TLS 1.3"}


def test_every_suite_of_the_edge_has_forward_secrecy_and_authenticates(edge_scan: Scan) -> None:
    """RFC 9325, section 4.2; all suites of TLS 1.3 do."""
    suites = edge_scan.suites()["TLS 1.2"]
    assert suites
    assert [name for name in suites if not name.startswith("TLS_ECDHE_")] == []
    assert [name for name in suites if not ("_GCM_" in name or "_POLY1305_" in name)] == []


def test_the_edge_takes_no_request_that_can_be_played_again(edge_scan: Scan) -> None:
    """RFC 8446, section 8: early data has no protection against replay."""
    assert edge_scan.result("tls_1_3_early_data") == {"supports_early_data": False}


def test_the_edge_has_none_of_the_known_holes(edge_scan: Scan) -> None:
    assert not edge_scan.result("tls_compression")["supports_compression"]
    assert not edge_scan.result("openssl_ccs_injection")["is_vulnerable_to_ccs_injection"]
    assert not edge_scan.result("heartbleed")["is_vulnerable_to_heartbleed"]
    assert edge_scan.result("robot")["robot_result"].startswith("NOT_VULNERABLE")
    assert edge_scan.result("tls_fallback_scsv")["supports_fallback_scsv"]
    renegotiation = edge_scan.result("session_renegotiation")
    assert not renegotiation["is_vulnerable_to_client_renegotiation_dos"]


def test_the_curves_of_the_edge_are_two(edge_scan: Scan) -> None:
    curves = edge_scan.result("elliptic_curves")["supported_curves"]
    assert {curve["name"] for curve in curves} == {"X25519", "secp256r1"}
