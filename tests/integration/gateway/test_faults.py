"""Faults that an operator switches on: slow, failing and gone, while requests arrive."""

import http.client
import time
from collections.abc import Callable

import pytest

from ramet.system import Fault, Switches
from tests.integration.gateway.harness import CONTRACT, Edge

ORDERS = "/api/v1/orders/"
DO = f"{CONTRACT.format(service='orders')}/do"


@pytest.fixture
def switch(edge: Edge, eventually: Callable[..., object]) -> Callable[..., None]:
    """Switch faults on, and wait until they hold for what `is_on` asks."""

    def switch(*faults: Fault, until: Callable[[], bool]) -> None:
        edge.switches = Switches(faults=faults)
        assert set(edge.configure()) <= {"rds-mesh.json"}
        eventually(until, within=5, what=f"{faults} take effect")
        edge.forget()

    return switch


@pytest.fixture(autouse=True)
def mended(edge: Edge, eventually: Callable[..., object]) -> object:
    """What one test has switched is off before the next one."""
    yield
    edge.forget()
    edge.switches = Switches()
    edge.configure()
    eventually(
        lambda: {edge.call("orders", method=m).status for m in ("POST", "GET")} == {200},
        within=5,
        what="the faults are off",
    )


def test_a_failing_service_answers_so_to_everybody_and_is_not_asked(
    edge: Edge, switch: Callable[..., None]
) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", edge.port, timeout=5)
    connection.request("GET", ORDERS)
    assert connection.getresponse().read() == b"ok"
    kept = connection.sock

    switch(Fault("orders", status=503), until=lambda: edge.call("orders").status == 503)

    connection.request("GET", ORDERS)
    answer = connection.getresponse()
    assert (answer.status, answer.headers["content-type"]) == (503, "application/problem+json")
    assert b"A fault is switched on for orders" in answer.read()
    assert connection.sock is kept
    connection.close()
    said = edge.call("orders", x_ramet_idempotent="1")
    assert said.json() == {
        "code": "unavailable",
        "message": "A fault is switched on for orders: `ramet fault orders --off` ends it.",
    }
    assert edge.call("products").status == 200
    assert [service for service, _ in edge.reached()] == ["products"]


def test_what_a_fault_answers_is_tried_once_alone(edge: Edge, switch: Callable[..., None]) -> None:
    switch(Fault("orders", status=503), until=lambda: edge.call("orders").status == 503)
    counted = faults_made(edge)
    assert edge.call("orders", x_ramet_idempotent="1").status == 503
    assert edge.get(ORDERS).status == 503
    assert faults_made(edge) == counted + 2


def test_a_share_of_the_requests_fails(edge: Edge, switch: Callable[..., None]) -> None:
    def some_fail() -> bool:
        return 500 in {edge.call("orders").status for _ in range(10)}

    switch(Fault("orders", status=500, share=50), until=some_fail)
    # Of 200 at 50%: less than one run in a million outside 65 to 135.
    assert 65 <= [edge.call("orders").status for _ in range(200)].count(500) <= 135


def test_a_slow_service_is_asked_later_and_its_callers_deadline_counts_on(
    edge: Edge, switch: Callable[..., None]
) -> None:
    def takes(seconds: float) -> bool:
        began = time.monotonic()
        is_answered = edge.call("orders").status == 200
        # Envoy's timers may fire a moment early.
        return is_answered and time.monotonic() - began >= 0.9 * seconds

    switch(Fault("orders", delay=400), until=lambda: takes(0.4))
    assert takes(0.4)
    late = edge.call("orders", x_envoy_upstream_rq_timeout_ms="100", x_ramet_idempotent="1")
    assert (late.status, late.json()["code"]) == (504, "deadline_exceeded")


def test_one_operation_fails_and_the_others_do_not(edge: Edge, switch: Callable[..., None]) -> None:
    switch(Fault("orders", DO, status=500), until=lambda: edge.call("orders").status == 500)
    assert edge.call("orders").json()["code"] == "internal"
    other = f"/.ramet/calls/{CONTRACT.format(service='orders')}/doing"
    assert edge.call("orders", other).status == 200
    assert edge.get(ORDERS).status == 200


def test_a_service_that_is_gone_has_no_process(edge: Edge, switch: Callable[..., None]) -> None:
    switch(Fault("orders", is_gone=True), until=lambda: edge.call("orders").status == 503)
    said = edge.call("orders")
    assert said.json()["message"] == "No process of orders runs, as its operator has it."
    seen = edge.get(ORDERS)
    assert seen.status == 503
    assert seen.headers["retry-after"] == "1"
    assert edge.reached() == []


def test_an_operation_that_is_gone_leaves_the_others(
    edge: Edge, switch: Callable[..., None]
) -> None:
    switch(Fault("orders", DO, is_gone=True), until=lambda: edge.call("orders").status == 503)
    assert edge.get(ORDERS).status == 200


def test_what_nobody_may_ask_is_refused_all_the_same(
    edge: Edge, switch: Callable[..., None]
) -> None:
    switch(Fault("orders", status=500), until=lambda: edge.call("orders").status == 500)
    assert edge.call("orders", "/.ramet/calls/shop.orders.v1.Unknown/do").status == 403
    assert edge.call("orders", "/.ramet/ready").status == 403


def test_no_request_can_ask_for_a_fault(edge: Edge) -> None:
    asked = {"x_envoy_fault_abort_request": "500", "x_envoy_fault_delay_request": "5000"}
    assert edge.call("orders", **asked).status == 200
    assert edge.get(ORDERS, **asked).status == 200


def faults_made(edge: Edge) -> int:
    """How many answers of orders' mesh listener were faults, from Envoy's own statistics."""
    for line in edge.admin("GET /stats?filter=mesh-orders.fault.aborts_injected").splitlines():
        name, _, value = line.partition(b":")
        if name.endswith(b"fault.aborts_injected"):
            return int(value)
    raise AssertionError("Envoy counts no faults")
