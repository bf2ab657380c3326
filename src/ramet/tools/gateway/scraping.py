"""The listener for Prometheus: `/envoy` and one path for each group of services, and nothing else.

The web processes listen on sockets that their owner alone opens, Envoy's own interface can also end
it: here are just the metrics of both, at an address that the gateway's clients do not reach.
"""

from collections.abc import Iterable
from typing import Any

from ramet.system import Group, System, probes
from ramet.tools.gateway import clusters, limits
from ramet.tools.gateway.listeners import connection_manager, listener, router
from ramet.tools.gateway.routes import configuration, nothing
from ramet.tools.gateway.topology import Topology

__all__ = ["ENVOY", "cluster", "scrape_listener"]

ENVOY = "envoy"
"""The path of Envoy's metrics, and the cluster of its own interface."""

_STATISTICS = "/stats/prometheus"
_ONLY_GET = [{"name": ":method", "string_match": {"exact": "GET"}}]


def scrape_listener(
    system: System, topology: Topology, groups: Iterable[Group]
) -> list[dict[str, Any]]:
    """One listener where `[telemetry] scrape` says so, else none."""
    if system.telemetry.scrape is None:
        return []
    host, port = system.telemetry.scrape
    routes = [_route(ENVOY, ENVOY, _STATISTICS)]
    routes += [
        # The processes of a group are one; which of its services is asked makes no difference.
        _route(group.name, clusters.processes(group.services[0]), probes.METRICS)
        for group in groups
        if system.services[group.services[0]].is_django
    ]
    manager = {
        **connection_manager("scrape", topology.access_log, [router()]),
        "route_config": configuration("scrape", [*routes, nothing({"prefix": "/"})]),
    }
    address = {"socket_address": {"address": host, "port_value": port}}
    return [listener("scrape", address, manager)]


def cluster(topology: Topology) -> dict[str, Any]:
    """The way to Envoy's own interface."""
    return clusters.cluster(ENVOY, [str(topology.admin_socket)])


def _route(path: str, to: str, rewritten: str) -> dict[str, Any]:
    return {
        "match": {"path": f"/{path}", "headers": _ONLY_GET},
        "route": {
            "cluster": to,
            "prefix_rewrite": rewritten,
            "timeout": f"{limits.MESH_TIMEOUT}s",
        },
    }
