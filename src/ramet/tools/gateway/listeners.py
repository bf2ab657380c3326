"""The mesh listener of each service, and the parts of any listener; the gateway's is in `edge`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ramet.system import Service
from ramet.tools.gateway import answers, hygiene, limits
from ramet.tools.gateway.routes import mesh_routes
from ramet.tools.gateway.topology import Topology

__all__ = ["body_limit", "connection_manager", "listener", "mesh_listener", "router"]

_HCM = (
    "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3"
    ".HttpConnectionManager"
)


def mesh_listener(topology: Topology, service: Service) -> dict[str, Any]:
    """A Unix socket, mode 0600: whoever may open it is a service of this system.

    No token check: the called service verifies the forwarded token itself. The header guard is
    missing on purpose, x-ramet-* is how services talk.
    """
    name = f"mesh-{service.name}"
    manager = {
        **connection_manager(name, topology.access_log, [body_limit(), router()]),
        "route_config": mesh_routes(service),
        "use_remote_address": False,
        "skip_xff_append": True,
        "preserve_external_request_id": True,
        "internal_address_config": {"unix_sockets": True},
        "local_reply_config": answers.connect_errors(),
    }
    address = {"pipe": {"path": str(topology.mesh_socket(service.name)), "mode": 0o600}}
    return {**listener(name, address, manager), "ignore_global_conn_limit": True}


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


def router() -> dict[str, Any]:
    """The last filter of all."""
    return {
        "name": "envoy.filters.http.router",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"
        },
    }
