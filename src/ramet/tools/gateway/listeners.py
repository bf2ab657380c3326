"""The listeners: the gateway for the outside, one mesh listener for each service."""

from pathlib import Path
from typing import Any

from ramet.system import Service
from ramet.tools.gateway import answers, hygiene, limits
from ramet.tools.gateway.routes import mesh_routes
from ramet.tools.gateway.topology import Topology

__all__ = ["gateway_listener", "mesh_listener"]

_HCM = (
    "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3"
    ".HttpConnectionManager"
)


def gateway_listener(
    topology: Topology, routes_file: str, token_check: dict[str, Any] | None
) -> dict[str, Any]:
    """The edge. `token_check` is the jwt_authn filter, None where no issuer is declared."""
    filters = [*([token_check] if token_check else []), _body_limit(), _router()]
    source = {"path_config_source": {"path": routes_file}, "resource_api_version": "V3"}
    manager = {
        **_manager("gateway", topology.access_log, filters),
        "rds": {"route_config_name": "gateway", "config_source": source},
        # The peer is the client: nothing that it says about itself is believed.
        "use_remote_address": True,
        "xff_num_trusted_hops": 0,
        # Nobody is: by default private addresses are, and may set x-envoy-* and x-request-id. An
        # empty list means that default, so it holds the one address that no peer has.
        "internal_address_config": {
            "unix_sockets": False,
            "cidr_ranges": [{"address_prefix": "0.0.0.0", "prefix_len": 32}],  # noqa: S104
        },
        "preserve_external_request_id": False,
        "early_header_mutation_extensions": [hygiene.header_guard()],
        "local_reply_config": answers.problems(),
    }
    address = {"socket_address": {"address": topology.host, "port_value": topology.port}}
    return _listener("gateway", address, manager)


def mesh_listener(topology: Topology, service: Service) -> dict[str, Any]:
    """A Unix socket, mode 0600: whoever may open it is a service of this system.

    No token check: the called service verifies the forwarded token itself. The header guard is
    missing on purpose, x-ramet-* is how services talk.
    """
    name = f"mesh-{service.name}"
    manager = {
        **_manager(name, topology.access_log, [_body_limit(), _router()]),
        "route_config": mesh_routes(service),
        "use_remote_address": False,
        "skip_xff_append": True,
        "preserve_external_request_id": True,
        "internal_address_config": {"unix_sockets": True},
        "local_reply_config": answers.connect_errors(),
    }
    address = {"pipe": {"path": str(topology.mesh_socket(service.name)), "mode": 0o600}}
    return {**_listener(name, address, manager), "ignore_global_conn_limit": True}


def _manager(name: str, log: Path, filters: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "@type": _HCM,
        "stat_prefix": name,
        **hygiene.connection(),
        "http_filters": filters,
        "access_log": answers.access_log(log, name),
    }


def _listener(name: str, address: dict[str, Any], manager: dict[str, Any]) -> dict[str, Any]:
    return {
        "@type": "type.googleapis.com/envoy.config.listener.v3.Listener",
        "name": name,
        "address": address,
        "enable_reuse_port": False,
        "per_connection_buffer_limit_bytes": 32 * 1024,
        "filter_chains": [
            {
                "filters": [
                    {
                        "name": "envoy.filters.network.http_connection_manager",
                        "typed_config": manager,
                    }
                ]
            }
        ],
    }


def _body_limit() -> dict[str, Any]:
    # Buffering also keeps a slow upload from holding one of a service's few threads.
    return {
        "name": "envoy.filters.http.buffer",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.buffer.v3.Buffer",
            "max_request_bytes": limits.LARGEST_BODY,
        },
    }


def _router() -> dict[str, Any]:
    return {
        "name": "envoy.filters.http.router",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"
        },
    }
