"""A running gateway takes up changes: no restart, no lost request."""

import http.client
import os
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.integration.gateway.harness import Answer, Edge, Received, Upstream


@pytest.fixture
def changing() -> Iterator[Edge]:
    """A gateway of its own for each test."""
    edge = Edge(routes={"users": ("/o/",), "orders": ("/api/v1/orders/",)}).start()
    try:
        yield edge
    finally:
        edge.stop()


def test_a_new_route_holds_for_connections_that_are_open(
    changing: Edge, eventually: Callable[..., object]
) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", changing.port, timeout=5)

    def status() -> int:
        connection.request("GET", "/api/v2/orders/")
        response = connection.getresponse()
        response.read()
        return response.status

    assert status() == 404
    kept = connection.sock
    changing.routes = {**changing.routes, "orders": ("/api/v1/orders/", "/api/v2/orders/")}
    assert changing.configure() == ("rds-mesh.json", "rds-gateway.json")
    eventually(lambda: status() == 200, within=2)
    assert connection.sock is kept
    connection.close()


def test_a_new_service_is_served_and_a_removed_one_is_not(
    changing: Edge, eventually: Callable[..., object]
) -> None:
    changing.upstreams["payments"] = Upstream(changing.folder / "payments.web.sock")
    changing.routes = {**changing.routes, "payments": ("/api/v1/payments/",)}
    changing.configure()
    eventually(lambda: changing.get("/api/v1/payments/").status == 200, within=5)

    def in_the_mesh() -> bool:
        try:
            return changing.call("payments").status == 200
        except OSError:
            return False

    eventually(in_the_mesh, within=5)

    changing.routes = {name: changing.routes[name] for name in ("users", "orders")}
    changing.configure()
    eventually(lambda: changing.get("/api/v1/payments/").status == 404, within=5)


def test_scaling_out_spreads_requests_over_all_processes(
    changing: Edge, eventually: Callable[..., object]
) -> None:
    second = changing.upstreams["orders-2"] = Upstream(changing.folder / "orders-2.sock")
    both = (str(changing.folder / "orders.web.sock"), str(changing.folder / "orders-2.sock"))
    changing.endpoints = {"orders": both}
    assert changing.configure() == ("cds.json",)

    def second_is_used() -> bool:
        assert changing.get("/api/v1/orders/").status == 200
        return bool(second.received)

    eventually(second_is_used, within=3)


def test_a_process_that_takes_no_connection_is_passed_over_whatever_is_asked(
    changing: Edge, eventually: Callable[..., object]
) -> None:
    """Nothing has been sent yet, so that a POST may go to the other one as well as a GET."""
    dead = str(changing.folder / "orders-2.sock")
    changing.endpoints = {"orders": (str(changing.folder / "orders.web.sock"), dead)}
    changing.configure()

    def one_is_passed_over() -> bool:
        assert changing.get("/api/v1/orders/", method="POST").status == 200
        return b"retry_success: 0" not in changing.admin("GET /stats?filter=orders.web.*retry_su")

    eventually(one_is_passed_over, within=5)


def test_moving_a_service_to_another_process_loses_no_request(
    changing: Edge, eventually: Callable[..., object]
) -> None:
    statuses: list[int] = []
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            statuses.append(changing.get("/api/v1/orders/", method="POST", body=b"{}").status)

    new = changing.upstreams["new"] = Upstream(changing.folder / "new.sock")
    asking = [threading.Thread(target=ask) for _ in range(4)]
    for thread in asking:
        thread.start()
    try:
        for sockets in [("new.sock",), ("orders.web.sock",), ("new.sock", "orders.web.sock")] * 4:
            seen = len(statuses)
            changing.endpoints = {"orders": tuple(str(changing.folder / name) for name in sockets)}
            changing.configure()
            eventually(lambda seen=seen: len(statuses) > seen + 20)
    finally:
        stop.set()
        for thread in asking:
            thread.join()
    assert set(statuses) == {200}
    assert new.received


def test_a_request_that_is_under_way_ends_where_it_began(
    changing: Edge, eventually: Callable[..., object]
) -> None:
    old = changing.upstreams["orders"]
    moved = threading.Event()

    def slow(request: Received) -> tuple[int, Mapping[str, str], bytes]:
        # Only the order waits: whoever asks whether the gateway has moved must not wait for it.
        if request.method == "POST":
            moved.wait(30)
        return 200, {}, b"old"

    old.respond = slow
    answers: list[Answer] = []
    path = "/api/v1/orders/"
    asking = threading.Thread(target=lambda: answers.append(changing.get(path, method="POST")))
    asking.start()
    eventually(lambda: old.received)
    new = changing.upstreams["new"] = Upstream(changing.folder / "new.sock")
    changing.endpoints = {"orders": (str(changing.folder / "new.sock"),)}
    changing.configure()
    eventually(lambda: changing.get(path).status == 200 and new.received)
    moved.set()
    asking.join()
    assert [(answer.status, answer.body) for answer in answers] == [(200, b"old")]


def test_a_restart_after_a_kill_finds_its_sockets_free(
    changing: Edge, eventually: Callable[..., object]
) -> None:
    changing.process.kill()
    changing.process.wait(10)
    assert Path(changing.topology.mesh_address("orders")).exists()
    changing.restart()
    assert changing.call("orders").status == 200
    assert changing.get("/api/v1/orders/").status == 200


def test_a_good_token_is_not_called_bad_while_the_issuer_is_away(
    changing: Edge, eventually: Callable[..., object]
) -> None:
    """Whoever is told 401 throws the token away; whoever is told 503 comes again."""

    def is_away(request: Received) -> tuple[int, dict[str, str], bytes]:
        changing.fetches += 1
        return 503, {}, b""

    changing.process.kill()
    changing.process.wait(10)
    changing.upstreams["users"].respond = is_away
    changing.restart()
    bearer = f"Bearer {changing.token()}"
    answer = changing.get("/api/v1/orders/", Authorization=bearer)
    assert answer.status == 503
    assert answer.json()["status"] == 503
    assert answer.headers["retry-after"] == "1"
    assert answer.headers["content-type"] == "application/problem+json"
    assert "invalid_token" not in answer.headers.get("www-authenticate", "")
    changing.upstreams["users"].respond = changing.keys
    eventually(lambda: changing.get("/api/v1/orders/", Authorization=bearer).status == 200)


def test_only_the_owner_can_use_the_sockets_and_read_the_files(changing: Edge) -> None:
    sockets = [changing.topology.admin_socket, Path(changing.topology.mesh_address("orders"))]
    files = sorted(changing.topology.config_dir.glob("*.json"))
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in [*sockets, *files])
    assert changing.topology.config_dir.stat().st_mode & 0o777 == 0o700
    assert files
    assert all(path.stat().st_uid == os.getuid() for path in files)


def test_a_flood_of_connections_does_not_shut_out_the_mesh(changing: Edge) -> None:
    """The limit on connections counts those from outside only."""
    stats = changing.admin("GET /config_dump").decode("utf-8", "replace")
    assert '"max_active_downstream_connections": "10000"' in stats
    assert stats.count('"ignore_global_conn_limit": true') >= 2
    with socket.socket(socket.AF_UNIX) as mesh:
        mesh.connect(changing.topology.mesh_address("orders"))
