"""`compile`: a declared system, its placement and its addresses turned into Envoy's files.

Pure: the same input gives the same output, byte for byte, so that a change can be reviewed as a
difference. Routes are files of their own, so that a new one holds for connections that are open; a
changed listener only serves new ones. Not more files than these: Envoy takes an inotify instance
for each, of which Linux gives a user 128 by default, and a second one for each certificate.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Any

from ramet.system import Group, Policy, Service, Switches, System
from ramet.tools.gateway import (
    canary,
    clusters,
    edge,
    edge_routes,
    faults,
    hygiene,
    limits,
    mesh,
    mesh_routes,
    mesh_tls,
    rate_limits,
    scraping,
    tls,
    tokens,
    tracing,
)
from ramet.tools.gateway.topology import Topology

__all__ = ["compile"]


def compile(
    system: System,
    groups: Iterable[Group],
    topology: Topology,
    policy: Policy = Policy(),  # noqa: B008 - frozen
    switches: Switches = Switches(),  # noqa: B008 - frozen
) -> dict[str, dict[str, Any]]:
    """File names with their contents, to be written into `topology.config_dir`.

    bootstrap.json is read once, at start. lds.json (listeners), cds.json (clusters with their
    endpoints), rds-gateway.json (public routes), rds-mesh.json and rds-out.json (who may call what
    of whom, as `policy` says: unless given, nobody) and one sds-*.json for each certificate are
    watched by Envoy.
    ValueError for an endpoint that is neither a socket's path nor an IP address.
    """
    groups = list(groups)
    group_of = {service: group for group in groups for service in group.services}
    placed = [service for service in system.services.values() if service.name in group_of]

    listening = [
        # First: the gateway fetches the issuer's keys by way of the mesh.
        *(mesh.inbound(system, topology, service) for service in placed),
        *(mesh.outbound(topology, service) for service in placed),
        *edge.gateway_listeners(system, topology, _path(topology, "rds-gateway.json")),
        *scraping.scrape_listener(system, topology, groups),
    ]
    reached = [
        *(
            clusters.cluster(
                clusters.processes(service.name), topology.addresses(group_of[service.name])
            )
            for service in placed
        ),
        *_mesh_clusters(system, topology, placed, policy),
        *(canary.cluster(system, topology, service) for service in placed if service.canary),
        faults.nobody(),
    ]
    if system.telemetry.scrape is not None:
        reached.append(scraping.cluster(topology))
    if foreign := tokens.foreign_issuer_cluster(system, topology):
        reached.append(foreign)
    if limiter := rate_limits.service_cluster(system, topology):
        reached.append(limiter)
    if collector := tracing.cluster(topology):
        reached.append(collector)
    secrets = mesh_tls.secrets(topology, [service.name for service in placed])
    files = {
        "bootstrap.json": _bootstrap(system, topology),
        "cds.json": _resources(reached),
        "lds.json": _resources(listening),
        "rds-gateway.json": _resources([edge_routes.gateway_routes(system, switches)]),
        "rds-mesh.json": _resources([mesh_routes.inbound(system, placed, policy, switches)]),
        "rds-out.json": _resources([mesh_routes.outbound(system, placed, policy)]),
        **{name: _resources([secret]) for name, secret in secrets.items()},
    }
    if system.gateway.speaks_tls:
        files[tls.SDS_FILE] = _resources([tls.secret(*edge.certificate(system, topology))])
    return files


def _mesh_clusters(
    system: System, topology: Topology, placed: Sequence[Service], policy: Policy
) -> Iterable[dict[str, Any]]:
    """The way to each service's mesh listener: from the gateway, and from those that call it."""
    for service in placed:
        called = [
            (clusters.pair(service.name, callee), service.name, callee)
            for callee in mesh_routes.callees(system, service.name, policy)
        ]
        for name, caller, callee in ((service.name, mesh_tls.GATEWAY, service.name), *called):
            secured = mesh_tls.client_side(system, topology, caller, callee)
            yield clusters.cluster(name, [topology.mesh_address(callee)], secured)


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
        "layered_runtime": {"layers": [hygiene.runtime(), tracing.runtime()]},
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
