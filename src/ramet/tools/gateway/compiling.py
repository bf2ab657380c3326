"""`compile`: a declared system, its placement and its addresses turned into Envoy's files.

Pure: the same input gives the same output, byte for byte, so that a change can be reviewed as a
difference. The gateway's routes are a file of their own, so that a new one holds for connections
that are open; a changed listener only serves new ones. Not more files than these: Envoy takes an
inotify instance for each, of which Linux gives a user 128 by default.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Any

from ramet.system import Group, Switches, System
from ramet.tools.gateway import (
    clusters,
    edge,
    edge_routes,
    hygiene,
    limits,
    listeners,
    tls,
    tokens,
)
from ramet.tools.gateway.canary import canary_cluster
from ramet.tools.gateway.topology import Topology

__all__ = ["compile"]


def compile(
    system: System,
    groups: Iterable[Group],
    topology: Topology,
    switches: Switches = Switches(),  # noqa: B008 - frozen
) -> dict[str, dict[str, Any]]:
    """File names with their contents, to be written into `topology.config_dir`.

    bootstrap.json is read once, at start. lds.json (listeners), cds.json (clusters with their
    endpoints) and rds-gateway.json (public routes) are watched by Envoy. So are, where the gateway
    speaks TLS, sds-edge.json and the files of the certificate that it names.
    ValueError for an endpoint that is neither a socket's path nor an IP address.
    """
    group_of = {service: group for group in groups for service in group.services}
    placed = [service for service in system.services.values() if service.name in group_of]

    listening = [
        *edge.gateway_listeners(system, topology, _path(topology, "rds-gateway.json")),
        *(listeners.mesh_listener(topology, service) for service in placed),
    ]
    reached = [
        clusters.cluster(service.name, topology.addresses(group_of[service.name]))
        for service in placed
    ]
    reached += [
        clusters.cluster(canary_cluster(service), [service.canary.address])
        for service in placed
        if service.canary
    ]
    if foreign := tokens.foreign_issuer_cluster(system, topology):
        reached.append(foreign)
    files = {
        "bootstrap.json": _bootstrap(system, topology),
        "cds.json": _resources(reached),
        "lds.json": _resources(listening),
        "rds-gateway.json": _resources([edge_routes.gateway_routes(system, switches)]),
    }
    if system.gateway.speaks_tls:
        files[tls.SDS_FILE] = _resources([tls.secret(*edge.certificate(system, topology))])
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
        "layered_runtime": hygiene.runtime(),
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
