"""Retries help against one fault and feed a failure of many: how much of them reaches an upstream.

A budget alone does not bind a lone caller, and a cap alone lets thirty callers double the load.
"""

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.integration.gateway.harness import Answer, Edge, Received, Responder

CALLERS = 30
ROUNDS = 10
STORM = 1.2
"""What may reach a failing upstream for each call of thirty concurrent callers."""


def fails(seconds: float, status: int | None) -> Responder:
    """An upstream that works for so long and then fails: hangs up, or answers with a status."""

    def respond(request: Received) -> tuple[int, Mapping[str, str], bytes] | None:
        time.sleep(seconds)
        return None if status is None else (status, {}, b"busy")

    return respond


def at_once(ask: Callable[[], Answer]) -> int:
    """Have thirty callers ask again and again at the same time; give how often they asked."""
    ready = threading.Barrier(CALLERS, timeout=30)

    def caller(_: int) -> None:
        ready.wait(10)
        for _ in range(ROUNDS):
            assert ask().status == 503

    with ThreadPoolExecutor(CALLERS) as callers:
        list(callers.map(caller, range(CALLERS)))
    return CALLERS * ROUNDS


@pytest.mark.parametrize("seconds", [0.02, 0.2], ids=["soon", "late"])
@pytest.mark.parametrize("status", [None, 503], ids=["hangs up", "503"])
def test_thirty_callers_at_the_gateway_make_no_storm(
    edge: Edge, seconds: float, status: int | None
) -> None:
    edge.upstreams["orders"].respond = fails(seconds, status)
    calls = at_once(lambda: edge.get("/api/v1/orders/"))
    reached = len(edge.upstreams["orders"].received)
    assert calls <= reached <= STORM * calls
    # That nothing is tried again at all would be no budget.
    assert (reached > calls) == (status is None)


@pytest.mark.parametrize("seconds", [0.0, 0.02, 0.2], ids=["at once", "soon", "late"])
@pytest.mark.parametrize("status", [None, 503], ids=["hangs up", "503"])
def test_nor_do_thirty_callers_in_the_mesh(edge: Edge, seconds: float, status: int | None) -> None:
    edge.upstreams["products"].respond = fails(seconds, status)
    calls = at_once(lambda: edge.call("products", caller="orders", x_ramet_idempotent="1"))
    reached = len(edge.upstreams["products"].received)
    assert calls <= reached <= STORM * calls


def test_a_lone_caller_reaches_a_failing_upstream_twice_and_no_more(edge: Edge) -> None:
    edge.upstreams["orders"].respond = fails(0, None)
    for _ in range(10):
        assert edge.get("/api/v1/orders/").status == 503
    assert len(edge.upstreams["orders"].received) == 20


@pytest.mark.parametrize(("status", "tries"), [(None, 2), (503, 1)], ids=["hangs up", "503"])
def test_two_hops_do_not_multiply(edge: Edge, status: int | None, tries: int) -> None:
    """Gateway, orders, products: the gateway must not try again what the mesh has tried again."""
    edge.upstreams["products"].respond = fails(0, status)
    edge.upstreams["orders"].respond = lambda request: _passed_on(edge)
    for _ in range(10):
        assert edge.get("/api/v1/orders/").status == 503
    assert len(edge.upstreams["orders"].received) == 10
    assert len(edge.upstreams["products"].received) == 10 * tries


def test_nor_do_they_with_thirty_callers(edge: Edge) -> None:
    edge.upstreams["products"].respond = fails(0.05, None)
    edge.upstreams["orders"].respond = lambda request: _passed_on(edge)
    calls = at_once(lambda: edge.get("/api/v1/orders/"))
    assert len(edge.upstreams["orders"].received) == calls
    assert calls < len(edge.upstreams["products"].received) <= STORM * calls


def _passed_on(edge: Edge) -> tuple[int, Mapping[str, str], bytes]:
    """What a service answers whose own call has failed."""
    answer = edge.call("products", caller="orders", x_ramet_idempotent="1")
    return answer.status, {}, answer.body
