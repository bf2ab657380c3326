"""Sizes, times and numbers: the gateway's own, and what a service may have instead."""

import csv
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from ramet.tools.gateway import limits
from tests.integration.gateway.harness import Edge, Received

ORDERS, PRODUCTS, USERS = "/api/v1/orders/", "/api/v1/products/", "/o/"
SHORT = 1  # seconds instead of 15: what is tested is which limit holds, not how long it is


@pytest.fixture(scope="module")
def patient() -> Iterator[Edge]:
    """Products takes more of everything than the gateway gives by itself, users of one thing."""
    patch = pytest.MonkeyPatch()
    for name in ("ROUTE_TIMEOUT", "REQUEST_TIMEOUT", "STREAM_IDLE", "MESH_TIMEOUT"):
        patch.setattr(limits, name, SHORT)
    more = {"largest_body": 3 * 1024 * 1024, "receive_within": 20, "answer_within": 20}
    services = {"products": more, "users": {"receive_within": 20}}
    edge = Edge(with_issuer=False, services=services).start()
    try:
        yield edge
    finally:
        edge.stop()
        patch.undo()


def test_a_service_may_take_larger_bodies(patient: Edge) -> None:
    patient.forget()
    large = b"x" * 3 * 1024 * 1024
    assert patient.get(PRODUCTS, method="POST", body=large).status == 200
    [request] = patient.upstreams["products"].received
    assert len(request.body) == len(large)
    assert patient.get(PRODUCTS, method="POST", body=large + b"x").status == 413
    assert patient.get(ORDERS, method="POST", body=large).status == 413


def thinks(request: Received) -> tuple[int, Mapping[str, str], bytes]:
    time.sleep(SHORT + 1)
    return 200, {}, b"at last"


def test_who_does_not_answer_in_time_is_given_up_unless_it_may_think_longer(patient: Edge) -> None:
    patient.forget()
    patient.upstreams["products"].respond = patient.upstreams["orders"].respond = thinks
    assert patient.get(PRODUCTS, method="POST").body == b"at last"
    answer = patient.get(ORDERS)
    assert answer.status == 504
    assert answer.json()["detail"] == "The service took too long to answer."
    assert len(patient.upstreams["orders"].received) == 1


def test_who_waits_long_for_a_request_is_not_asked_twice_when_the_answer_is_late(
    patient: Edge,
) -> None:
    patient.forget()
    patient.upstreams["users"].respond = thinks
    assert patient.get(USERS).status == 504
    assert patient.reached() == [("users", USERS)]


def test_but_it_is_where_its_process_was_lost(patient: Edge) -> None:
    patient.forget()
    patient.upstreams["users"].respond = lambda request: None
    assert patient.get(USERS).status == 503
    assert patient.reached() == [("users", USERS)] * 2


def test_a_call_in_the_mesh_may_take_as_long_as_it_says(patient: Edge) -> None:
    patient.forget()
    patient.upstreams["orders"].respond = thinks
    assert patient.call("orders", x_envoy_upstream_rq_timeout_ms="20000").body == b"at last"
    answer = patient.call("orders")
    assert (answer.status, answer.json()["code"]) == (504, "deadline_exceeded")


def upload(edge: Edge, path: str, *, seconds: float) -> bytes:
    """Send a small body byte by byte over so many seconds; the answer, whenever it comes."""
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n"
    deadline = time.monotonic() + seconds
    with socket.create_connection(("127.0.0.1", edge.port), 5) as connection:
        connection.sendall(head.encode())
        connection.settimeout(seconds / 99)
        sent = 0
        while time.monotonic() < deadline and sent < 99:
            connection.sendall(b"x")
            sent += 1
            try:
                return connection.recv(4096)
            except TimeoutError:
                continue
        connection.settimeout(10)
        connection.sendall(b"x" * (100 - sent))
        return connection.recv(4096)


def test_a_service_may_wait_longer_for_a_request_and_the_others_do_not(patient: Edge) -> None:
    patient.forget()
    assert upload(patient, PRODUCTS, seconds=3 * SHORT).startswith(b"HTTP/1.1 200 ")
    assert upload(patient, ORDERS, seconds=5 * SHORT).startswith(b"HTTP/1.1 408 ")
    assert [service for service, _ in patient.reached()] == ["products"]


def test_more_connections_than_agreed_are_closed_and_the_mesh_goes_on(
    monkeypatch: pytest.MonkeyPatch, eventually: Callable[..., object]
) -> None:
    monkeypatch.setattr(limits, "DOWNSTREAM_CONNECTIONS", 10)
    edge = Edge(with_issuer=False).start()
    held = [socket.create_connection(("127.0.0.1", edge.port), 5) for _ in range(20)]
    try:

        def closed() -> int:
            return sum(_is_closed(connection) for connection in held)

        # Envoy is off by one where a connection has just ended.
        eventually(lambda: closed() in (10, 11), what="those above the limit are closed")
        assert edge.call("orders").status == 200
        for connection in held:
            connection.close()
        eventually(lambda: _is_served(edge), what="there is room again")
    finally:
        for connection in held:
            connection.close()
        edge.stop()


def _is_served(edge: Edge) -> bool:
    try:
        return edge.get(ORDERS).status == 200
    except OSError:  # closed at once: those that have gone still count for a moment
        return False


def _is_closed(connection: socket.socket) -> bool:
    connection.settimeout(0.01)
    try:
        return connection.recv(1) == b""
    except TimeoutError:
        return False
    except ConnectionError:
        return True


# ── slow clients ──────────────────────────────────────────────────────────────────────────────

SLOW = {
    "headers": ["-H", "-i", "2"],
    "body": ["-B", "-i", "2", "-s", "8192", "-t", "POST", "-v", "POST"],
    "reading": ["-X", "-w", "10", "-y", "20", "-n", "2", "-z", "5", "-k", "3"],
}


@pytest.mark.parametrize(
    ("kind", "connections", "seconds"),
    [
        ("headers", 100, 8),
        pytest.param("headers", 400, 15, marks=pytest.mark.slow),
        pytest.param("body", 400, 15, marks=pytest.mark.slow),
        pytest.param("reading", 400, 15, marks=pytest.mark.slow),
    ],
)
def test_others_are_served_while_slow_clients_hold_on(
    edge: Edge, tmp_path: Path, kind: str, connections: int, seconds: int
) -> None:
    """slowhttptest, an independent attacker: slowloris, R-U-dead-yet, slow reading."""
    if shutil.which("slowhttptest") is None:
        pytest.skip("no slowhttptest here: apt-get install slowhttptest")
    edge.upstreams["orders"].respond = lambda request: (200, {}, b"x" * 200_000)
    attack = subprocess.Popen(
        [
            *("slowhttptest", *(option for option in SLOW[kind] if option)),
            *("-c", str(connections), "-r", "200", "-l", str(seconds), "-p", "5"),
            *("-g", "-o", str(tmp_path / "report")),
            *("-u", f"http://127.0.0.1:{edge.port}{ORDERS}"),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    served: list[float] = []
    while attack.poll() is None:
        began = time.monotonic()
        assert edge.get(PRODUCTS).status == 200
        served.append(time.monotonic() - began)
        time.sleep(0.05)  # a visitor now and then, not a second attack
    assert max(served) < 5
    rows = list(csv.DictReader((tmp_path / "report.csv").open()))
    assert max(int(row["Connected"]) for row in rows) > connections / 2, "the attack took place"
    assert {int(row["Service Available"]) > 0 for row in rows} == {True}


def test_slow_clients_do_not_reach_a_service(edge: Edge) -> None:
    """A request is whole before a service hears of it: none of its few threads waits for one."""
    head = f"POST {ORDERS} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nxx"
    with socket.create_connection(("127.0.0.1", edge.port), 5) as slow:
        slow.sendall(head.encode())
        assert edge.get(PRODUCTS).status == 200
        assert [service for service, _ in edge.reached()] == ["products"]
        slow.sendall(b"x" * 7)
        assert slow.recv(1024).startswith(b"HTTP/1.1 200 ")
