"""`compile`: a declared system, its placement and its addresses turned into Envoy's files.

Pure: the same input gives the same output, byte for byte, so that a change can be reviewed as a
difference. Routes and endpoints are files of their own because they change while requests run; a
change of a listener would drain its connections.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Any

from ramet.system import Group, System
from ramet.tools.gateway import clusters, limits, listeners, routes, tokens
from ramet.tools.gateway.topology import Topology

__all__ = ["compile"]


def compile(
    system: System, groups: Iterable[Group], topology: Topology
) -> dict[str, dict[str, Any]]:
    """File names with their contents, to be written into `topology.config_dir`.

    bootstrap.json is read once, at start. lds.json (listeners), cds.json (clusters),
    rds-<listener>.json (routes) and eds-<service>.json (endpoints) are watched by Envoy.
    ValueError for an endpoint that is neither a socket's path nor an IP address.
    """
    group_of = {service: group for group in groups for service in group.services}
    placed = [service for service in system.services.values() if service.name in group_of]

    listening = [
        listeners.gateway_listener(
            topology, _path(topology, "rds-gateway.json"), tokens.token_check(system, topology)
        )
    ]
    clusters_: list[dict[str, Any]] = []
    files: dict[str, dict[str, Any]] = {
        "bootstrap.json": _bootstrap(system, topology),
        "rds-gateway.json": _resources([routes.gateway_routes(system)]),
    }
    for service in placed:
        name = service.name
        routes_file, endpoints_file = f"rds-mesh-{name}.json", f"eds-{name}.json"
        listening.append(listeners.mesh_listener(topology, name, _path(topology, routes_file)))
        clusters_.append(clusters.cluster(name, _path(topology, endpoints_file)))
        files[routes_file] = _resources([routes.mesh_routes(service)])
        addresses = topology.addresses(group_of[name])
        files[endpoints_file] = _resources([clusters.endpoints(name, addresses)])
    if foreign := tokens.foreign_issuer_cluster(system, topology):
        clusters_.append(foreign)
    files["lds.json"] = _resources(listening)
    files["cds.json"] = _resources(clusters_)
    return files


def _bootstrap(system: System, topology: Topology) -> dict[str, Any]:
    def watched(name: str) -> dict[str, Any]:
        return {
            "path_config_source": {"path": _path(topology, name)},
            "resource_api_version": "V3",
        }

    return {
        "node": {"id": f"{system.name}-gateway", "cluster": system.name},
        "admin": {
            "address": {"pipe": {"path": str(topology.admin_socket), "mode": 0o600}},
            # Reachable exactly when it is needed most.
            "ignore_global_conn_limit": True,
        },
        "dynamic_resources": {"lds_config": watched("lds.json"), "cds_config": watched("cds.json")},
        "overload_manager": {
            "resource_monitors": [
                {
                    "name": "envoy.resource_monitors.global_downstream_max_connections",
                    "typed_config": {
                        "@type": "type.googleapis.com/envoy.extensions.resource_monitors"
                        ".downstream_connections.v3.DownstreamConnectionsConfig",
                        "max_active_downstream_connections": limits.DOWNSTREAM_CONNECTIONS,
                    },
                }
            ]
        },
    }


def _resources(resources: Sequence[dict[str, Any]]) -> dict[str, Any]:
    content = json.dumps(resources, sort_keys=True).encode()
    return {"version_info": hashlib.sha256(content).hexdigest()[:16], "resources": list(resources)}


def _path(topology: Topology, name: str) -> str:
    return str(topology.config_dir / name)
