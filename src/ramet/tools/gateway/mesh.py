"""The mesh: what stands before each service for the others, and what each calls the others by.

Inbound: mutual TLS, the caller's identity, its rights, and no retries but to another process where
one has not taken the connection. Outbound: plain HTTP on a Unix socket that only the service's own
processes may open, from there with the service's certificate to those whom its code calls; all
other retries are here and only here, so that two hops do not multiply them.
"""

from typing import Any

from ramet.system import Service, System
from ramet.tools.gateway import answers, clusters, faults, hygiene, limits, mesh_tls, tracing
from ramet.tools.gateway.listeners import body_limit, connection_manager, listener, router
from ramet.tools.gateway.mesh_routes import CALLER, INBOUND, OUTBOUND, SERVICE, nobody
from ramet.tools.gateway.topology import Topology

__all__ = ["inbound", "outbound"]

# Only the outbound side may be told of retries and time-outs, and only by the service's own code.
_ASKED_OF_ENVOY = ("retr", "max-retries", "hedge", "upstream-rq-per-try", "upstream-alt")
_AND_TIMEOUTS = ("retr", "max-retries", "hedge", "upstream", "decorator", "original", "force")


def inbound(system: System, topology: Topology, service: Service) -> dict[str, Any]:
    """A service's listener for the gateway and the other services.

    The peer's certificate says who it is, and nothing else does. No token check: the service
    verifies the forwarded token itself.
    """
    name = f"mesh-{service.name}"
    filters = [
        nobody(),
        faults.fault_filter(),
        body_limit(),
        router(respect_expected_rq_timeout=True),
    ]
    common = connection_manager(name, topology.access_log, filters)
    manager = {
        **common,
        **_between_services(topology, INBOUND),
        **tracing.before(system, topology, service),
        "common_http_protocol_options": {
            **common["common_http_protocol_options"],
            "max_connection_duration": f"{limits.MESH_CONNECTION}s",
        },
        "forward_client_cert_details": "SANITIZE",
        "early_header_mutation_extensions": [
            _headers(_AND_TIMEOUTS, {CALLER: "%DOWNSTREAM_PEER_URI_SAN%", SERVICE: service.name})
        ],
        # The gateway has taken the whole body in already, or it is a stream.
        "request_timeout": "0s",
        "http2_protocol_options": {**hygiene.http2(), "allow_connect": True},
        "upgrade_configs": [{"upgrade_type": "websocket"}],
        "local_reply_config": answers.mesh(service.name),
    }
    address = clusters.address(topology.mesh_address(service.name))
    described = listener(name, address, manager)
    [chain] = described["filter_chains"]
    chain["transport_socket"] = mesh_tls.server_side(system, topology, service.name)
    return {**described, "ignore_global_conn_limit": True}


def outbound(topology: Topology, service: Service) -> dict[str, Any]:
    """Where a service's own processes call others: header `x-ramet-service` says whom."""
    name = f"out-{service.name}"
    manager = {
        **connection_manager(name, topology.access_log, [body_limit(), router()]),
        **_between_services(topology, OUTBOUND),
        "early_header_mutation_extensions": [_headers(_ASKED_OF_ENVOY, {CALLER: service.name})],
        "local_reply_config": answers.mesh_caller(service.name),
    }
    address = clusters.address(str(topology.out_socket(service.name)))
    return {**listener(name, address, manager), "ignore_global_conn_limit": True}


def _between_services(topology: Topology, routes: str) -> dict[str, Any]:
    source = {
        "path_config_source": {"path": str(topology.config_dir / f"rds-{routes}.json")},
        "resource_api_version": "V3",
    }
    return {
        "rds": {"route_config_name": routes, "config_source": source},
        "use_remote_address": False,
        "skip_xff_append": True,
        # How long an answer may be awaited, its route says, or the caller.
        "stream_idle_timeout": "0s",
        "preserve_external_request_id": True,
        # Envoy believes what a request says of its deadline when the one address that it was
        # forwarded for is internal. Every peer here is one of the system, whomever it serves.
        "internal_address_config": {
            "cidr_ranges": [
                {"address_prefix": "0.0.0.0", "prefix_len": 0},  # noqa: S104
                {"address_prefix": "::", "prefix_len": 0},
            ],
        },
    }


def _headers(removed: tuple[str, ...], given: dict[str, str]) -> dict[str, Any]:
    """Before anything else looks at a request: what a peer may not say goes, what holds is said.

    `removed` is how names go on after `x-envoy-`. One after the other: a single regular expression
    for all of them takes Envoy longer, for every header of every call.
    """
    return {
        "name": "ramet.mesh_headers",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.http.early_header_mutation"
            ".header_mutation.v3.HeaderMutation",
            "mutations": [
                *(
                    {"remove_on_match": {"key_matcher": {"prefix": f"x-envoy-{each}"}}}
                    for each in removed
                ),
                *({"remove": name} for name in given),
                *(_said(name, value) for name, value in given.items()),
                # A service's own request was forwarded for nobody.
                _said("x-forwarded-for", "127.0.0.1", "ADD_IF_ABSENT"),
            ],
        },
    }


def _said(name: str, value: str, action: str = "OVERWRITE_IF_EXISTS_OR_ADD") -> dict[str, Any]:
    return {"append": {"header": {"key": name, "value": value}, "append_action": action}}
