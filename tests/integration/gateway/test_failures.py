"""Retries, time-outs and services that are gone."""

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
def test_a_safe_request_that_was_lost_is_tried_twice_and_no_more(edge: Edge, method: str) -> None:
    edge.upstreams["orders"].respond = drops
    assert edge.get("/api/v1/orders/", method=method).status == 503
    assert len(edge.upstreams["orders"].received) == 2


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


@pytest.mark.parametrize(("failing", "body"), [(says_500, b"bug"), (says_503, b"busy")])
def test_what_the_service_itself_answers_is_never_tried_again(
    edge: Edge, failing: Callable[[Received], None], body: bytes
) -> None:
    edge.upstreams["orders"].respond = failing
    assert edge.get("/api/v1/orders/").body == body
    assert len(edge.upstreams["orders"].received) == 1


def test_a_client_cannot_ask_for_retries(edge: Edge) -> None:
    edge.upstreams["orders"].respond = drops
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
