"""The gateway's listener for the outside, and the parts of any listener."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ramet.tools.gateway import answers, hygiene, limits
from ramet.tools.gateway.topology import Topology

__all__ = ["body_limit", "connection_manager", "gateway_listener", "listener", "router"]

_HCM = (
    "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3"
    ".HttpConnectionManager"
)


def gateway_listener(
    topology: Topology, routes_file: str, token_check: dict[str, Any] | None
) -> dict[str, Any]:
    """The edge. `token_check` is the jwt_authn filter, None where no issuer is declared."""
    source = {"path_config_source": {"path": routes_file}, "resource_api_version": "V3"}
    manager = {
        **connection_manager("gateway", topology.access_log, [token_check, body_limit(), router()]),
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
    return listener("gateway", address, manager)


def connection_manager(
    name: str, log: Path, filters: Sequence[dict[str, Any] | None]
) -> dict[str, Any]:
    """An HTTP connection manager; a filter that is None is left out."""
    return {
        "@type": _HCM,
        "stat_prefix": name,
        **hygiene.connection(),
        "http_filters": [each for each in filters if each],
        "access_log": answers.access_log(log, name),
    }


def listener(name: str, address: dict[str, Any], manager: dict[str, Any]) -> dict[str, Any]:
    """A listener with one filter chain, of the connection manager alone."""
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


def body_limit() -> dict[str, Any]:
    """The filter that takes a body in before anybody hears of the request; routes override it."""
    # Buffering also keeps a slow upload from holding one of a service's few threads.
    return {
        "name": "envoy.filters.http.buffer",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.buffer.v3.Buffer",
            "max_request_bytes": limits.LARGEST_BODY,
        },
    }


def router(**options: Any) -> dict[str, Any]:
    """The last filter, which sends the request on."""
    kind = "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"
    return {"name": "envoy.filters.http.router", "typed_config": {"@type": kind, **options}}
