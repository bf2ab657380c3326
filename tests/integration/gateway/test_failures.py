"""Retries, time-outs and services that are gone."""

import threading
from collections.abc import Callable, Mapping

import pytest

from tests.integration.gateway.harness import Edge, Received


def drops(request: Received) -> None:
    """Take the request and hang up."""
    return None  # noqa: RET501 - a responder's way to drop the connection


def says_503(request: Received) -> tuple[int, Mapping[str, str], bytes]:
    return 503, {}, b"busy"


def says_500(request: Received) -> tuple[int, Mapping[str, str], bytes]:
    return 500, {}, b"bug"


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_a_safe_request_is_tried_twice_and_no_more(edge: Edge, method: str) -> None:
    edge.upstreams["orders"].respond = drops
    assert edge.get("/api/v1/orders/", method=method).status == 503
    assert len(edge.upstreams["orders"].received) == 2


@pytest.mark.parametrize("headers", [{}, {"X-Ramet-Unanswered": "1"}])
def test_what_a_service_answers_is_its_last_word(edge: Edge, headers: dict[str, str]) -> None:
    """Even 503, and even if it says that it was not asked: then it would have said nothing."""
    edge.upstreams["orders"].respond = lambda request: (503, headers, b"busy")
    answer = edge.get("/api/v1/orders/")
    assert answer.body == b"busy"
    assert "x-ramet-unanswered" not in answer.headers
    assert len(edge.upstreams["orders"].received) == 1


def test_a_client_does_not_hear_of_the_second_try(edge: Edge) -> None:
    edge.upstreams["orders"].respond = drops
    names = {name.lower() for name in edge.get("/api/v1/orders/").headers}
    assert not [name for name in names if name.startswith("x-ramet")]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("failing", [drops, says_503])
def test_any_other_request_is_tried_once(
    edge: Edge, method: str, failing: Callable[[Received], None]
) -> None:
    edge.upstreams["orders"].respond = failing
    answer = edge.get("/api/v1/orders/", method=method, body=b"{}", Idempotency_Key="k")
    assert answer.status == 503
    assert len(edge.upstreams["orders"].received) == 1


def test_the_second_try_may_succeed(edge: Edge) -> None:
    tries: list[Received] = []

    def once(request: Received) -> tuple[int, Mapping[str, str], bytes] | None:
        tries.append(request)
        return None if len(tries) == 1 else (200, {}, b"ok")

    edge.upstreams["orders"].respond = once
    assert edge.get("/api/v1/orders/").body == b"ok"


def test_a_bug_of_the_service_is_never_tried_again(edge: Edge) -> None:
    edge.upstreams["orders"].respond = says_500
    assert edge.get("/api/v1/orders/").body == b"bug"
    assert len(edge.upstreams["orders"].received) == 1


def test_a_client_cannot_ask_for_retries(edge: Edge) -> None:
    edge.upstreams["orders"].respond = says_503
    for name in ("x_envoy_retry_on", "x_envoy_retriable_status_codes"):
        edge.get("/api/v1/orders/", method="POST", **{name: "5xx", "x_envoy_max_retries": "9"})
    edge.get("/api/v1/orders/", method="POST", x_ramet_idempotent="1")
    assert len(edge.upstreams["orders"].received) == 3


@pytest.mark.parametrize(("idempotent", "tries"), [("1", 2), ("0", 1), ("", 1)])
def test_in_the_mesh_only_idempotent_operations_are_tried_again(
    edge: Edge, idempotent: str, tries: int
) -> None:
    edge.upstreams["orders"].respond = drops
    answer = edge.call("orders", x_ramet_idempotent=idempotent)
    assert answer.status == 503
    assert answer.json() == {"code": "unavailable", "message": "The service cannot be reached."}
    assert len(edge.upstreams["orders"].received) == tries


def test_a_service_that_is_down_is_a_problem_with_a_hint_when_to_return() -> None:
    edge = Edge(routes={"users": ("/o/",), "orders": ("/api/v1/orders/",)}).start()
    try:
        edge.upstreams.pop("orders").stop()
        answer = edge.get("/api/v1/orders/")
        assert answer.status == 503
        assert answer.headers["retry-after"] == "1"
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["title"] == "Service Unavailable"
    finally:
        edge.stop()


def test_a_service_that_does_not_answer_is_given_up_after_fifteen_seconds(edge: Edge) -> None:
    released = threading.Event()

    def hangs(request: Received) -> tuple[int, Mapping[str, str], bytes]:
        released.wait(18)
        return 200, {}, b"late"

    edge.upstreams["orders"].respond = hangs
    answer = edge.get("/api/v1/orders/")
    released.set()
    assert answer.status == 504
    assert answer.json()["detail"] == "The service took too long to answer."
    assert len(edge.upstreams["orders"].received) == 1
