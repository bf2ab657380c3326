"""The gateway's listeners: TCP, the same over QUIC where TLS is spoken, and one that redirects."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ramet.system import System
from ramet.tools.gateway import (
    answers,
    cors,
    hygiene,
    limits,
    rate_limits,
    tls,
    tokens,
    tracing,
)
from ramet.tools.gateway.edge_routes import redirect_routes
from ramet.tools.gateway.listeners import body_limit, connection_manager, listener, router
from ramet.tools.gateway.security_headers import security_headers
from ramet.tools.gateway.topology import Topology

__all__ = ["certificate", "gateway_listeners"]


def gateway_listeners(system: System, topology: Topology, routes_file: str) -> list[dict[str, Any]]:
    """Everything that a client outside can connect to; `routes_file` is watched by Envoy."""
    gateway = system.gateway
    manager = _manager(system, topology, routes_file)
    address = {"address": topology.host, "port_value": topology.port}
    tcp = listener("gateway", {"socket_address": address}, manager)
    if not gateway.speaks_tls:
        return [tcp]
    [chain] = tcp["filter_chains"]
    chain["transport_socket"] = tls.tls_socket(topology.config_dir)
    found = [tcp, _quic(topology, address, manager)]
    if gateway.redirect_from is not None:
        found.append(_redirecting(system, topology, gateway.redirect_from))
    return found


def certificate(system: System, topology: Topology) -> tuple[Path, Path]:
    """The PEM files of a gateway that speaks TLS: certificate and key."""
    declared = system.gateway
    chosen = declared if declared.tls == "files" else topology
    if chosen.certificate is None or chosen.key is None:
        raise ValueError(f'tls = "{declared.tls}", but the topology names no certificate')
    return chosen.certificate, chosen.key


def _manager(system: System, topology: Topology, routes_file: str) -> dict[str, Any]:
    gateway = system.gateway
    filters = [
        # The dearest last: who asks too often, or from a foreign page, has no token checked.
        cors.cors_filter() if gateway.cors else None,
        rate_limits.address_filter(system),
        tokens.token_check(system, topology),
        rate_limits.user_filter(system),
        rate_limits.shared_filter(system),
        body_limit(),
        router(),
    ]
    source = {"path_config_source": {"path": routes_file}, "resource_api_version": "V3"}
    # A balancer in front says who the client is, as the last of X-Forwarded-For.
    hops = 1 if gateway.tls == "balancer" else 0
    manager = connection_manager("gateway", topology.access_log, filters)
    return {
        **manager,
        "rds": {"route_config_name": "gateway", "config_source": source},
        # The peer is the client: nothing that it says about itself is believed.
        "use_remote_address": True,
        "xff_num_trusted_hops": hops,
        # Nobody is: by default private addresses are, and may set x-envoy-* and x-request-id. An
        # empty list means that default, so it holds the one address that no peer has.
        "internal_address_config": {
            "unix_sockets": False,
            "cidr_ranges": [{"address_prefix": "0.0.0.0", "prefix_len": 32}],  # noqa: S104
        },
        "preserve_external_request_id": False,
        "http2_protocol_options": _http2(system),
        **tracing.edge(system, topology),
        **limits.waiting(system, manager["common_http_protocol_options"]),
        # The routes remove a service's own header, and nobody adds another.
        "server_header_transformation": "PASS_THROUGH",
        "early_header_mutation_extensions": [
            hygiene.header_guard(
                [tracing.distrust()],
                behind_balancer=gateway.tls == "balancer",
            )
        ],
        "local_reply_config": answers.problems(security_headers(gateway)),
    }


def _http2(system: System) -> dict[str, Any]:
    """Where there are streams, a WebSocket may also be one stream among others (RFC 8441).

    Only its extended CONNECT gets anywhere: the first of the routes ends what asks for a tunnel.
    """
    options = hygiene.http2()
    has_streams = any(service.streams for service in system.services.values())
    return options | {"allow_connect": True} if has_streams else options


def _quic(topology: Topology, address: dict[str, Any], manager: dict[str, Any]) -> dict[str, Any]:
    http3 = {**manager, "codec_type": "HTTP3", "http3_protocol_options": {}}
    udp = {"socket_address": {**address, "protocol": "UDP"}}
    found = listener("gateway-quic", udp, http3)
    [chain] = found["filter_chains"]
    chain["transport_socket"] = tls.quic_socket(topology.config_dir)
    # Envoy refuses several threads without it: each has a socket of its own.
    return {**found, "udp_listener_config": {"quic_options": {}}, "enable_reuse_port": True}


def _redirecting(system: System, topology: Topology, listen: tuple[str, int]) -> dict[str, Any]:
    host, port = listen
    manager = {
        **connection_manager("redirect", topology.access_log, [router()]),
        "use_remote_address": True,
        "server_header_transformation": "PASS_THROUGH",
        "route_config": redirect_routes(urlsplit(system.gateway.public_url)),
    }
    address = {"socket_address": {"address": host, "port_value": port}}
    return listener("redirect", address, manager)
