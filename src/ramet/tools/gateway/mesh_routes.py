"""Who may ask what of whom in the mesh: the policy as routes, each with its own list of callers.

Two route configurations for all services, because each that Envoy watches costs an inotify
instance, and because a new right must hold for connections that are open, which a changed listener
does not give. The listener writes into a header for whom it stands, and that header chooses the
virtual host; what the request itself said there is gone by then.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from ramet.system import Policy, Service, Switches, System
from ramet.tools.gateway import clusters, faults, hygiene, limits, mesh_tls
from ramet.tools.gateway.routes import (
    ANOTHER_PROCESS,
    NO_BODY_LIMIT,
    configuration,
    nothing,
    path_match,
    twice,
)

__all__ = [
    "CALLER",
    "INBOUND",
    "KEYS_PATH",
    "OUTBOUND",
    "SERVICE",
    "callees",
    "inbound",
    "nobody",
    "outbound",
]

INBOUND, OUTBOUND = "mesh", "out"
CALLER, SERVICE = "x-ramet-caller", "x-ramet-service"
KEYS_PATH = "/o/.well-known/jwks.json"
"""Where an issuer of the system publishes its keys, which every service may read."""

_RBAC = "envoy.filters.http.rbac"
_TYPE = "type.googleapis.com/envoy.extensions.filters.http.rbac.v3"


def nobody() -> dict[str, Any]:
    """The filter that lets nobody pass; routes override it."""
    return {
        "name": _RBAC,
        "typed_config": {"@type": f"{_TYPE}.RBAC", "rules": {"action": "ALLOW", "policies": {}}},
    }


def inbound(
    system: System, services: Sequence[Service], policy: Policy, switches: Switches
) -> dict[str, Any]:
    """What each service answers, and to whom. Everything else is 403, whether it exists or not."""
    hosts = []
    for service in services:
        host: dict[str, Any] = {
            "name": service.name,
            "domains": [service.name],
            "routes": [*_answered(system, service, policy, switches)],
            "request_headers_to_remove": [SERVICE, "x-envoy-internal"],
        }
        for fault in switches.faults:
            if (fault.service, fault.operation) == (service.name, ""):
                host = faults.at_service(fault, host)
        hosts.append(host)
    return _chosen_by(SERVICE, INBOUND, hosts)


def _answered(
    system: System, service: Service, policy: Policy, switches: Switches
) -> Iterable[dict[str, Any]]:
    for contract, callers in policy.callers(service.name).items():
        match = {"prefix": f"{hygiene.INTERNAL}/calls/{contract}/"}
        route = _for(system, callers, _route(match, service, limits.MESH_TIMEOUT))
        of_contract = [
            fault for fault in switches.faults if fault.operation.startswith(f"{contract}/")
        ]
        yield from faults.at_operation(of_contract, route)
    # Also where a route is "/", which would give it to the gateway and to every visitor.
    if service.is_django:
        for match in hygiene.internal_paths():
            yield nothing(match, status=403)
    everyone = [mesh_tls.GATEWAY, *(name for name in system.services if name != service.name)]
    if service.name == system.gateway.issuer:
        yield _for(system, everyone, _public({"path": KEYS_PATH}, service))
    visitors = policy.visitors(service.name)
    for prefix in sorted(service.routes, key=lambda prefix: (-len(prefix), prefix)):
        yield _for(system, [mesh_tls.GATEWAY, *visitors], _public(path_match(prefix), service))
    # A program that is not Django has no operations: its whole interface is its contract.
    if visitors and not service.is_django:
        yield _for(system, visitors, _public({"prefix": "/"}, service))


def _public(match: dict[str, Any], service: Service) -> dict[str, Any]:
    """Bounded by the gateway, or by the caller: here streams and large bodies pass."""
    route = _route(match, service, 0)
    route["typed_per_filter_config"] = NO_BODY_LIMIT
    return route


def _route(match: dict[str, Any], service: Service, timeout: int) -> dict[str, Any]:
    action = {
        "cluster": clusters.processes(service.name),
        "timeout": f"{timeout}s",
        "retry_policy": ANOTHER_PROCESS,
    }
    return {"match": match, "route": action}


def _for(system: System, callers: Iterable[str], route: dict[str, Any]) -> dict[str, Any]:
    """A route that only these callers' certificates open."""
    principals = [
        {"authenticated": {"principal_name": {"exact": mesh_tls.identity(system, caller)}}}
        for caller in callers
    ]
    rules = {
        "action": "ALLOW",
        "policies": {"callers": {"permissions": [{"any": True}], "principals": principals}},
    }
    filters = {
        **route.get("typed_per_filter_config", {}),
        _RBAC: {"@type": f"{_TYPE}.RBACPerRoute", "rbac": {"rules": rules}},
    }
    return {**route, "typed_per_filter_config": filters}


def outbound(system: System, services: Sequence[Service], policy: Policy) -> dict[str, Any]:
    """Whom each service calls. Anybody else is 403 at once."""
    hosts = []
    for service in services:
        routes: list[dict[str, Any]] = []
        for callee in callees(system, service.name, policy):
            to = {"name": SERVICE, "string_match": {"exact": callee}}
            is_known = callee in policy.callees(service.name)
            match = {"prefix": "/"} if is_known else {"path": KEYS_PATH}
            routes += twice(
                {**match, "headers": [to]},
                {"cluster": clusters.pair(service.name, callee)},
                {"name": "x-ramet-idempotent", "string_match": {"exact": "1"}},
                limits.MESH_TIMEOUT,
            )
        routes.append(nothing({"prefix": "/"}, status=403))
        hosts.append({"name": service.name, "domains": [service.name], "routes": routes})
    return _chosen_by(CALLER, OUTBOUND, hosts)


def callees(system: System, caller: str, policy: Policy) -> tuple[str, ...]:
    """Whom a service needs a way to: those it calls, and the issuer for its keys."""
    found = {*policy.callees(caller)}
    if system.gateway.issuer in system.services and system.gateway.issuer != caller:
        found.add(system.gateway.issuer)
    return tuple(sorted(found))


def _chosen_by(header: str, name: str, hosts: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "@type": "type.googleapis.com/envoy.config.route.v3.RouteConfiguration",
        **configuration(name, []),
        "virtual_hosts": hosts,
        "vhost_header": header,
    }
