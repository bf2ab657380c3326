"""The edge's configuration is accepted by the real Envoy, in every form that ramet.toml has."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from ramet.system import Canary, Cors, Gateway, Rate, Switches, System, placement
from ramet.tools.gateway import compile, refused
from tests.unit.tools.gateway.test_compiling import RUN, compiled, manager, system, topology

OWN = {"certificate": RUN / "tls.crt", "key": RUN / "tls.key"}


def edge(*, orders: dict[str, Any] | None = None, **gateway: Any) -> System:
    """A system with these fields of its gateway and of its service orders."""
    found = system()
    services = {**found.services, "orders": replace(found.services["orders"], **(orders or {}))}
    return replace(found, gateway=replace(found.gateway, **gateway), services=services)


VARIANTS: dict[str, Callable[[], dict[str, Any]]] = {
    "local authority": lambda: compiled(edge(tls="local", redirect_from=("::1", 8080)), **OWN),
    "own files": lambda: compiled(edge(tls="files", **OWN)),
    "balancer": lambda: compiled(edge(tls="balancer", given_url="https://shop.example")),
    "cors": lambda: compiled(edge(cors=Cors(("*",), expose=("x-request-id",)))),
    "rates": lambda: compiled(
        edge(
            rate_by_address=Rate(600, 60),
            rate_by_user=Rate(10, 1),
            orders={"rate_by_address": Rate(1, 3600), "rate_by_user": Rate(1_000_000, 1)},
        )
    ),
    "streams": lambda: compiled(edge(orders={"streams": ("/api/v1/orders/",)})),
    "patience": lambda: compiled(
        edge(orders={"largest_body": 1024, "receive_within": 300, "answer_within": 60})
    ),
    "canary": lambda: compiled(edge(orders={"canary": Canary("10.0.0.7:8443", 0)})),
    "sticky canary": lambda: compiled(edge(orders={"canary": Canary("/x.sock", 100, True)})),
}


@pytest.mark.parametrize("variant", VARIANTS.values(), ids=list(VARIANTS))
def test_envoy_accepts_the_edge(variant: Callable[[], dict[str, Any]]) -> None:
    assert refused(variant()) == ""


def routes(files: dict[str, Any]) -> list[dict[str, Any]]:
    [configuration] = files["rds-gateway.json"]["resources"]
    found: list[dict[str, Any]] = configuration["virtual_hosts"][0]["routes"]
    return found


def test_what_nobody_asks_for_costs_no_filter() -> None:
    """Each filter costs every request; the benchmark holds the sum."""
    names = [each["name"] for each in manager(compiled(), "gateway")["http_filters"]]
    assert names == [
        "envoy.filters.http.jwt_authn",
        "envoy.filters.http.buffer",
        "envoy.filters.http.router",
    ]


def test_addresses_are_counted_before_tokens_are_checked_and_users_after() -> None:
    files = compiled(edge(cors=Cors(("*",)), rate_by_address=Rate(1, 1), rate_by_user=Rate(1, 1)))
    names = [each["name"] for each in manager(files, "gateway")["http_filters"]]
    assert names == [
        "envoy.filters.http.cors",
        "ramet.rate_by_address",
        "envoy.filters.http.jwt_authn",
        "ramet.rate_by_user",
        "envoy.filters.http.buffer",
        "envoy.filters.http.router",
    ]


def test_tcp_and_quic_serve_the_same_routes_with_the_same_filters() -> None:
    files = compiled(edge(tls="local"), **OWN)
    tcp, quic = (manager(files, name) for name in ("gateway", "gateway-quic"))
    differing = {name for name in quic if quic[name] != tcp.get(name)}
    assert differing == {"codec_type", "http3_protocol_options"}


def test_without_tls_there_is_one_listener_and_no_certificate() -> None:
    files = compiled()
    names = [each["name"] for each in files["lds.json"]["resources"]]
    assert [name for name in names if not name.startswith(("mesh-", "out-"))] == ["gateway"]
    assert "sds-edge.json" not in files


def test_a_gateway_that_speaks_tls_needs_a_certificate() -> None:
    with pytest.raises(ValueError, match="names no certificate"):
        compiled(edge(tls="local"))


def test_switches_change_the_routes_alone() -> None:
    """So that they take effect at once, on open connections too."""
    of = edge(orders={"canary": Canary("/x.sock", 10)})

    def files(switches: Switches) -> dict[str, Any]:
        return compile(of, placement(of, "services"), topology(), switches=switches)

    before = files(Switches())
    for switches in (
        Switches(maintenance=frozenset({"orders", "users"})),
        Switches(weights=(("orders", 50),)),
    ):
        after = files(switches)
        assert {name for name in after if after[name] != before[name]} == {"rds-gateway.json"}


def test_a_stream_comes_before_the_route_around_it() -> None:
    both = {"streams": ("/api/v1/orders/live/", "/api/v1/orders/")}
    found = [
        (route["match"].get("path_separated_prefix"), "upgrade_configs" in route["route"])
        for route in routes(compiled(edge(orders=both)))
        if route.get("route", {}).get("cluster") == "orders"
    ]
    assert found == [
        ("/api/v1/orders/live", True),
        ("/api/v1/orders", True),
        ("/api/v1/orders", False),
        ("/api/v1/orders", False),
    ]


def test_one_patient_service_leaves_the_others_their_limit() -> None:
    """The listener's time is for all; what is not patient is bounded as a whole instead."""
    files = compiled(edge(orders={"receive_within": 300}))
    found = manager(files, "gateway")
    assert found["request_timeout"] == "300s"
    assert found["common_http_protocol_options"]["max_stream_duration"] == "30s"
    durations = {
        route["route"]["cluster"]: route["route"].get("max_stream_duration")
        for route in routes(files)
        if "route" in route
    }
    assert durations == {
        "orders": {"max_stream_duration": "315s"},
        "users": None,
        "storefront": None,
    }


def test_hsts_is_not_for_a_name_of_this_machine() -> None:
    def headers(**gateway: Any) -> set[str]:
        [configuration] = compiled(edge(**gateway), **OWN)["rds-gateway.json"]["resources"]
        return {each["header"]["key"] for each in configuration["response_headers_to_add"]}

    hsts = "strict-transport-security"
    assert hsts in headers(tls="local", given_url="https://shop.example")
    assert hsts in headers(tls="balancer", given_url="https://shop.example")
    assert hsts not in headers(tls="local")
    assert hsts not in headers()


def test_the_default_gateway_is_what_the_readme_says() -> None:
    assert Gateway().public_url == "http://localhost:8000"
    assert not Gateway().speaks_tls
