"""Metrics and health: at an address of their own, and at no other."""

from collections.abc import Iterator
from http.client import HTTPConnection

import pytest

from ramet.system import Telemetry, probes
from ramet.tools.local import ports
from tests.integration.gateway.harness import Edge
from tests.integration.gateway.test_mesh import ask, of


@pytest.fixture(scope="module")
def running_edge() -> Iterator[Edge]:
    edge = Edge(telemetry=Telemetry(scrape=("127.0.0.1", ports.unused()))).start()
    try:
        yield edge
    finally:
        edge.stop()


def scrape(edge: Edge, path: str, method: str = "GET") -> tuple[int, str]:
    assert edge.telemetry.scrape is not None
    connection = HTTPConnection(*edge.telemetry.scrape, timeout=20)
    connection.request(method, path)
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


def test_each_service_is_asked_for_its_metrics(edge: Edge) -> None:
    assert scrape(edge, "/orders") == (200, "ok")
    assert edge.reached() == [("orders", "/metrics")]


def test_envoy_tells_its_own(edge: Edge) -> None:
    status, text = scrape(edge, "/envoy")
    assert status == 200
    assert "envoy_server_live" in text


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/metrics"),
        ("GET", "/orders/api/v1/orders/"),
        ("GET", "/envoy/../quitquitquit"),
        ("GET", "/quitquitquit"),
        ("POST", "/envoy"),
        ("POST", "/orders"),
    ],
)
def test_nothing_else_is_served_there(edge: Edge, method: str, path: str) -> None:
    assert scrape(edge, path, method)[0] == 404
    assert edge.reached() == []
    assert b" 200 " in edge.admin("GET /ready")


TRICKS = [
    trick
    for path in probes.PATHS
    for trick in (
        path,
        path.upper(),
        f"/{path}",
        f"/x/..{path}",
        f"/.{path}",
        f"{path}?pretty",
        f"/%{ord(path[1]):x}{path[2:]}",
        f"/api/v1/orders/%2e%2e/%2e%2e/%2e%2e{path}",
    )
]


@pytest.mark.parametrize("path", TRICKS)
def test_the_gateway_lets_nobody_through_to_them(edge: Edge, path: str) -> None:
    status = edge.get(path).status
    assert status in (400, 404)
    assert edge.reached() == []


@pytest.mark.parametrize("path", probes.PATHS)
def test_neither_does_the_mesh(edge: Edge, path: str) -> None:
    assert ask(edge, "storefront", of(edge, "gateway"), "/anything")[0] == 200
    edge.forget()
    assert ask(edge, "storefront", of(edge, "gateway"), path)[0] == 403
    assert edge.reached() == []
