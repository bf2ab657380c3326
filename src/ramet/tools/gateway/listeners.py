"""The parts of any listener: what faces the outside is in `edge`, between services `mesh`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ramet.tools.gateway import answers, hygiene, limits

__all__ = ["body_limit", "connection_manager", "listener", "router"]

_HCM = (
    "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3"
    ".HttpConnectionManager"
)


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
