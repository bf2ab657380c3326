"""What a request may look like, what is taken out of it, and what comes back."""

import json
import re
from collections.abc import Callable

import pytest

from tests.integration.gateway.harness import Edge

HEAD = "POST /api/v1/orders/ HTTP/1.1\r\nHost: localhost\r\n"
AMBIGUOUS = {
    "both lengths": "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG",
    "both lengths, the other order": (
        "Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\nG"
    ),
    "two lengths": "Content-Length: 0\r\nContent-Length: 44\r\n\r\nGET /.ramet/ HTTP/1.1\r\n\r\n",
    "two equal lengths in one": "Content-Length: 2, 2\r\n\r\nok",
    "a space before the colon": "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "an unknown coding": "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "chunked twice": "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
    "a chunk longer than it says": "Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n",
    "a signed length": "Content-Length: +2\r\n\r\nok",
    "a length in hex": "Content-Length: 0x2\r\n\r\nok",
    "a null in a header": "X-A: a\x00b\r\nContent-Length: 0\r\n\r\n",
    "a header with an underscore": "X_A: 1\r\nContent-Length: 0\r\n\r\n",
}


@pytest.mark.parametrize("rest", AMBIGUOUS.values(), ids=list(AMBIGUOUS))
def test_a_request_with_two_meanings_is_refused(edge: Edge, rest: str) -> None:
    answer = edge.raw((HEAD + rest).encode())
    assert re.match(rb"HTTP/1.1 (400|501) ", answer), answer
    assert b"connection: close" in answer.lower()
    assert edge.reached() == []


def test_a_request_for_two_hosts_is_refused(edge: Edge) -> None:
    answer = edge.raw(f"{HEAD}Host: products\r\nContent-Length: 0\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 400 "), answer
    assert b"The request is not well formed." in answer
    assert edge.reached() == []


@pytest.mark.parametrize(
    "request_line", ["GET / HTTP/1.0", "GET / HTTP/0.9", "CONNECT x:1 HTTP/1.1"]
)
def test_other_dialects_of_http_reach_nothing(edge: Edge, request_line: str) -> None:
    answer = edge.raw(f"{request_line}\r\nHost: localhost\r\n\r\n".encode())
    assert re.match(rb"HTTP/1.1 4\d\d ", answer), answer
    assert edge.reached() == []


def test_a_folded_header_is_unfolded_before_a_service_sees_it(edge: Edge) -> None:
    """RFC 9112, section 5.2: a line of its own for one side must not be one for the other."""
    edge.raw(f"{HEAD}X-A: 1\r\n Transfer-Encoding: chunked\r\n\r\n".encode())
    [request] = edge.upstreams["orders"].received
    assert request.headers["X-A"] == "1 Transfer-Encoding: chunked"
    assert request.headers["Transfer-Encoding"] is None


def test_two_requests_on_one_connection_stay_two(edge: Edge) -> None:
    first = HEAD + "Content-Length: 5\r\n\r\nGET /"
    second = "GET /.ramet/ready HTTP/1.1\r\nHost: localhost\r\n\r\n"
    answer = edge.raw((first + second).encode())
    assert re.findall(rb"HTTP/1.1 (\d+)", answer) == [b"200", b"404"]
    assert [request.body for request in edge.upstreams["orders"].received] == [b"GET /"]


def test_a_body_beyond_one_mebibyte_is_refused(edge: Edge) -> None:
    answer = edge.get("/api/v1/orders/", method="POST", body=b"x" * (1024 * 1024 + 1))
    assert answer.status == 413
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"] == "The body is too large."
    assert edge.reached() == []

    assert edge.get("/api/v1/orders/", method="POST", body=b"x" * 1024 * 1024).status == 200


def test_a_body_that_hides_its_length_is_refused_too(edge: Edge) -> None:
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    body = chunk * 17 + b"0\r\n\r\n"
    answer = edge.raw(f"{HEAD}Transfer-Encoding: chunked\r\n\r\n".encode() + body)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert edge.reached() == []


def test_the_mesh_refuses_a_large_body_as_a_wrong_argument(edge: Edge) -> None:
    answer = edge.call("orders", body=b"x" * (1024 * 1024 + 1))
    assert answer.status == 413
    assert answer.json()["code"] == "invalid_argument"


def test_too_many_headers_are_refused(edge: Edge) -> None:
    many = "".join(f"X-{number}: 1\r\n" for number in range(101))
    answer = edge.raw(f"GET / HTTP/1.1\r\nHost: localhost\r\n{many}\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 431 ")


def test_too_large_headers_are_refused(edge: Edge) -> None:
    large = "X-A: " + "a" * 33 * 1024
    answer = edge.raw(f"GET / HTTP/1.1\r\nHost: localhost\r\n{large}\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 431 ")


def test_headers_that_dribble_in_end_with_408(edge: Edge) -> None:
    answer = edge.raw(b"GET / HTTP/1.1\r\nHost: loc")
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert edge.reached() == []


def test_nothing_that_only_ramet_may_say_comes_in_from_outside(edge: Edge) -> None:
    edge.get(
        "/api/v1/orders/",
        x_ramet_idempotent="1",
        x_ramet_anything="1",
        x_ramet_caller="spiffe://shop/products",
        x_ramet_service="products",
        x_envoy_upstream_rq_timeout_ms="1",
        x_envoy_original_path="/admin",
        x_envoy_expected_rq_timeout_ms="99999999",
        x_forwarded_for="6.6.6.6",
        x_forwarded_proto="https",
        x_forwarded_host="evil.example",
        x_forwarded_client_cert="By=spiffe://shop/orders",
        x_real_ip="6.6.6.6",
        forwarded="for=6.6.6.6",
        x_request_id="chosen-by-the-client",
    )
    [request] = edge.upstreams["orders"].received
    sent = {name.lower(): value for name, value in request.headers.items()}
    assert sent.pop("x-ramet-caller") == "spiffe://shop/gateway"
    assert [name for name in sent if name.startswith("x-ramet-")] == []
    assert sent.pop("x-envoy-expected-rq-timeout-ms") == "15000"
    assert sent.pop("x-envoy-external-address", "127.0.0.1") == "127.0.0.1"
    assert [name for name in sent if name.startswith("x-envoy-")] == []
    # One address and not the claimed one; for a peer on loopback Envoy writes its own.
    assert re.fullmatch(r"[0-9.]+", sent["x-forwarded-for"])
    assert sent["x-forwarded-for"] != "6.6.6.6"
    assert sent["x-forwarded-proto"] == "http"
    assert not {"x-forwarded-host", "x-forwarded-client-cert", "x-real-ip", "forwarded"} & set(sent)
    assert re.fullmatch(r"[0-9a-f-]{36}", sent["x-request-id"])


def test_the_mesh_keeps_the_ids_of_its_caller(edge: Edge) -> None:
    edge.call("orders", x_request_id="one", traceparent="00-1-2-01")
    [request] = edge.upstreams["orders"].received
    assert request.headers["x-request-id"] == "one"
    assert request.headers["traceparent"] == "00-1-2-01"


def test_an_answer_says_its_request_id_and_nothing_about_the_server(edge: Edge) -> None:
    edge.upstreams["orders"].respond = lambda request: (
        200,
        {"X-Powered-By": "PHP", "Server": "x"},
        b"",
    )
    answer = edge.get("/api/v1/orders/")
    [request] = edge.upstreams["orders"].received
    assert answer.headers["x-request-id"] == request.headers["x-request-id"]
    revealing = ("server", "x-envoy", "x-pow")
    assert [name for name in answer.headers if name.lower().startswith(revealing)] == []


def test_a_problem_of_the_service_is_not_replaced(edge: Edge) -> None:
    body = b'{"type": "about:blank", "title": "Conflict", "status": 404, "detail": "ours"}'
    edge.upstreams["orders"].respond = lambda request: (404, {}, body)
    assert edge.get("/api/v1/orders/1/").body == body


def test_the_access_log_is_json_and_has_no_query(
    edge: Edge, eventually: Callable[..., object]
) -> None:
    request_id = edge.get("/api/v1/orders/?code=secret").headers["x-request-id"]

    def line() -> dict[str, object] | None:
        lines = map(json.loads, edge.topology.access_log.read_text().splitlines())
        ours = (line for line in lines if line["request_id"] == request_id)
        return next((line for line in ours if line["listener"] == "gateway"), None)

    logged = eventually(line, what="the line is flushed")
    assert logged["path"] == "/api/v1/orders/"
    assert logged["service"] == "orders"
    assert logged["status"] == 200
    assert "secret" not in edge.topology.access_log.read_text()


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("reset/MQ/d4k1xz-0a1b2c3d4e5f60718293a4b5c6d7e8f9/?a=b", "reset/MQ/[redacted]"),
        ("0b7c3f1e-aaaa-4bbb-8ccc-0123456789ab/", "0b7c3f1e-aaaa-4bbb-8ccc-0123456789ab/"),
    ],
)
def test_the_access_log_has_no_secret_of_a_link(
    edge: Edge, eventually: Callable[..., object], path: str, told: str
) -> None:
    request_id = edge.get(f"/api/v1/orders/{path}").headers["x-request-id"]
    eventually(
        lambda: request_id in edge.topology.access_log.read_text(), what="the line is flushed"
    )
    lines = map(json.loads, edge.topology.access_log.read_text().splitlines())
    paths = {line["path"] for line in lines if line["request_id"] == request_id}
    assert paths == {f"/api/v1/orders/{told}"}
