"""Envoy's own spans: the gateway's, and before programs without any; and what clients may say."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from ramet.system import Telemetry
from tests.integration.gateway.harness import Edge
from tests.otlp import Collector, SpanRow, collector

TRACE, SPAN = "a" * 32, "b" * 16
KEY = f"{secrets.token_hex(8)} 100%PROTOCOL%%"
"""With what Envoy takes for a command in a header's value."""
SAMPLED = f"00-{TRACE}-{SPAN}-01"
PROGRAM = "products"
"""The service that is no Django here."""


@pytest.fixture(scope="module")
def kept() -> Iterator[Collector]:
    with collector() as it:
        yield it


@pytest.fixture(scope="module")
def running_edge(kept: Collector) -> Iterator[Edge]:
    """A gateway that samples every other request, with a collector."""
    edge = Edge(
        telemetry_url=kept.url,
        telemetry_headers=(("api-key", KEY), ("x-team", "blue")),
        telemetry=Telemetry(sample=0.5),
        services={PROGRAM: {"apps": (), "command": ("serve",)}},
    ).start()
    try:
        yield edge
    finally:
        edge.stop()


def sampled(edge: Edge, service: str = "orders") -> list[str]:
    """The traceparents of what the service was told to sample."""
    told = [each.headers["traceparent"] for each in edge.upstreams[service].received]
    return [each for each in told if each.endswith("-01")]


def found(kept: Collector, span_id: str) -> SpanRow:
    """The span of that id, once it is there."""
    [span] = kept.wait(lambda: [each for each in kept.spans() if each.span_id == span_id])
    return span


def test_a_client_can_neither_force_nor_prevent_sampling(edge: Edge) -> None:
    for flags in ("01", "00"):
        edge.forget()
        for _ in range(100):
            edge.get("/api/v1/orders/", traceparent=f"00-{TRACE}-{SPAN}-{flags}")
        received = edge.upstreams["orders"].received
        assert {each.headers["traceparent"][3:35] for each in received} == {TRACE}
        assert 20 < len(sampled(edge)) < 80


@pytest.mark.parametrize("request_id", ["not-a-uuid", "0" * 36])
def test_sampling_does_not_depend_on_what_the_request_is_called(
    edge: Edge, request_id: str
) -> None:
    for _ in range(100):
        edge.get("/api/v1/orders/", traceparent=SAMPLED, x_request_id=request_id)
    assert 20 < len(sampled(edge)) < 80


def test_a_trace_of_our_own_is_sampled_as_often(edge: Edge) -> None:
    for _ in range(100):
        edge.get("/api/v1/orders/")
    assert 20 < len(sampled(edge)) < 80
    assert len({each[3:35] for each in sampled(edge)}) == len(sampled(edge))


@pytest.mark.parametrize(
    "traceparent", ["", "x", "00-1-2-01", f"ff-{TRACE}-{SPAN}-01", "a" * 53, f"{SAMPLED}-more"]
)
def test_a_malformed_trace_does_not_fail_a_request(edge: Edge, traceparent: str) -> None:
    assert edge.get("/api/v1/orders/", traceparent=traceparent).status == 200


def test_nothing_else_about_traces_comes_in_from_outside(edge: Edge) -> None:
    edge.get("/api/v1/orders/", traceparent=SAMPLED, tracestate="a=b", baggage="user=alice")
    [request] = edge.upstreams["orders"].received
    assert not request.headers.get("baggage")
    assert not request.headers.get("tracestate")
    assert not [name for name in request.headers if "die" in name.lower()]


def test_the_gateways_span_leads_to_the_services(edge: Edge, kept: Collector) -> None:
    while not sampled(edge):
        edge.get("/api/v1/orders/?secret=hunter22&email=a@b.example", traceparent=SAMPLED)
    gateway = found(kept, sampled(edge)[0].split("-")[2])
    assert gateway.resource["service.name"] == "gateway"
    assert (gateway.trace_id, gateway.parent_id) == (TRACE, SPAN)
    assert (gateway.name, gateway.attributes["url.path"]) == ("GET", "/api/v1/orders/")
    assert not [span for span in kept.spans() if "hunter22" in repr(span) or "a@b" in repr(span)]


def test_before_another_program_the_mesh_has_a_span(edge: Edge, kept: Collector) -> None:
    while not sampled(edge, PROGRAM):
        edge.get("/api/v1/products/", traceparent=SAMPLED)
    mesh = found(kept, sampled(edge, PROGRAM)[0].split("-")[2])
    assert (mesh.resource["service.name"], mesh.resource["ramet.service"]) == ("mesh", PROGRAM)
    gateway = found(kept, mesh.parent_id)
    assert (gateway.resource["service.name"], gateway.parent_id) == ("gateway", SPAN)
    assert mesh.trace_id == gateway.trace_id == TRACE


def test_envoys_spans_have_no_secret_of_a_link(edge: Edge, kept: Collector) -> None:
    token = "d4k1xz-0a1b2c3d4e5f60718293a4b5c6d7e8f9"
    while not sampled(edge, PROGRAM):
        edge.get(f"/api/v1/products/{token}/", traceparent=SAMPLED)
    mesh = found(kept, sampled(edge, PROGRAM)[0].split("-")[2])
    assert mesh.attributes["url.path"] == "/api/v1/products/[redacted]"
    assert found(kept, mesh.parent_id).attributes["url.path"] == "/api/v1/products/[redacted]"
    assert token not in repr(kept.spans())


def test_before_a_django_service_the_mesh_hands_on_its_callers_trace(edge: Edge) -> None:
    edge.call("orders", traceparent=SAMPLED, tracestate="a=b")
    [request] = edge.upstreams["orders"].received
    assert (request.headers["traceparent"], request.headers["tracestate"]) == (SAMPLED, "a=b")


def test_before_another_program_it_goes_on_with_it(edge: Edge, kept: Collector) -> None:
    edge.call(PROGRAM, traceparent=SAMPLED)
    edge.call(PROGRAM, traceparent=SAMPLED[:-1] + "0")
    first, second = (each.headers["traceparent"] for each in edge.upstreams[PROGRAM].received)
    assert (first[3:35], first[-2:]) == (TRACE, "01")
    assert (second[3:35], second[-2:]) == (TRACE, "00")
    assert found(kept, first[36:52]).parent_id == SPAN


def test_envoy_tells_the_collector_the_same_key_as_the_services_do(
    edge: Edge, kept: Collector
) -> None:
    edge.call(PROGRAM, traceparent=SAMPLED)
    [request] = edge.upstreams[PROGRAM].received
    found(kept, request.headers["traceparent"][36:52])
    for told in kept.requests:
        assert (told.headers["api-key"], told.headers["x-team"]) == (KEY, "blue")


def test_a_collectors_key_is_for_nobody_else_on_the_machine(edge: Edge) -> None:
    key = KEY.replace("%", "%%")
    having = [file for file in edge.folder.rglob("*") if file.is_file() and has(file, key)]
    assert [file.name for file in having] == ["lds.json"]
    [file] = having
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def has(file: Path, text: str) -> bool:
    return text.encode() in file.read_bytes()


@pytest.mark.parametrize("request_id", ["one", "3f1c2d4e-5b6a-4c7d-8e9f-0a1b2c3d4e5f"])
def test_in_the_mesh_a_request_id_stays_as_it_is_and_its_trace_is_kept(
    edge: Edge, kept: Collector, request_id: str
) -> None:
    edge.call(PROGRAM, traceparent=SAMPLED, x_request_id=request_id)
    [request] = edge.upstreams[PROGRAM].received
    assert request.headers["x-request-id"] == request_id
    assert request.headers["traceparent"][-2:] == "01"
    assert found(kept, request.headers["traceparent"][36:52]).parent_id == SPAN


def test_what_the_gateway_refuses_by_itself_is_told_with_its_path(
    edge: Edge, kept: Collector
) -> None:
    trace_id = secrets.token_hex(16)

    def refused() -> list[SpanRow]:
        return [span for span in kept.spans() if span.trace_id == trace_id]

    for _ in range(20):  # every other one is sampled
        edge.get("/no/such/path/", traceparent=f"00-{trace_id}-{SPAN}-01")
    kept.wait(refused)
    assert {span.attributes["url.path"] for span in refused()} == {"/no/such/path/"}


def test_so_is_what_came_without_a_trace(edge: Edge, kept: Collector) -> None:
    path = f"/no/{secrets.token_hex(4)}/"

    def refused() -> list[SpanRow]:
        return [span for span in kept.spans() if span.attributes.get("url.path") == path]

    for _ in range(20):
        edge.get(path)
    kept.wait(refused)
