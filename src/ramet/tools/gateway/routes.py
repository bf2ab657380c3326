"""Which path goes where, and what may be tried twice."""

from typing import Any

from ramet.system import Service, System
from ramet.tools.gateway import hygiene, limits

__all__ = ["gateway_routes", "mesh_routes"]

# Safe methods (RFC 9110, section 9.2.1). PUT and DELETE should be idempotent too, but nobody has
# promised that of a user's views, and a retry is only ever for what was declared.
_SAFE_METHODS = "GET|HEAD|OPTIONS"
_RETRY: dict[str, Any] = {
    # Lost connections and "try elsewhere" answers; not 500, which is the application's own word.
    "retry_on": "connect-failure,refused-stream,reset,retriable-status-codes",
    "retriable_status_codes": [502, 503],
    "num_retries": 1,
    "retry_back_off": {"base_interval": "0.025s", "max_interval": "0.25s"},
    "retry_host_predicate": [
        {
            "name": "envoy.retry_host_predicates.previous_hosts",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.retry.host.previous_hosts.v3"
                ".PreviousHostsPredicate"
            },
        }
    ],
    "host_selection_retry_max_attempts": 3,
}
_NO_RETRY = {"num_retries": 0}


def gateway_routes(system: System) -> dict[str, Any]:
    """The public routes: internal paths denied first, then the longest prefix, at last 404."""
    safe = {
        "name": ":method",
        "string_match": {"safe_regex": {"regex": _SAFE_METHODS}},
    }
    services = system.services.values()
    prefixes = [(prefix, service.name) for service in services for prefix in service.routes]
    prefixes.sort(key=lambda pair: (-len(pair[0]), pair[0]))
    routes: list[dict[str, Any]] = [
        # No other match covers CONNECT, and a request without a route waits for its end.
        _nothing({"connect_matcher": {}}),
        _nothing(hygiene.internal_path()),
    ]
    for prefix, service in prefixes:
        routes += _twice(_match(prefix), service, safe, limits.ROUTE_TIMEOUT)
    routes.append(_nothing({"prefix": "/"}))
    return {
        "@type": "type.googleapis.com/envoy.config.route.v3.RouteConfiguration",
        **_configuration("gateway", routes),
    }


def mesh_routes(service: Service) -> dict[str, Any]:
    """What other services may ask of this one: operations, health, and its public routes.

    A service that is not Django has no operations: its whole interface is its contract.
    """
    declared = {"name": "x-ramet-idempotent", "string_match": {"exact": "1"}}
    prefixes = [f"{hygiene.INTERNAL}/", *service.routes] if service.is_django else ["/"]
    routes: list[dict[str, Any]] = []
    for prefix in sorted(prefixes, key=lambda prefix: (-len(prefix), prefix)):
        routes += _twice(_match(prefix), service.name, declared, limits.MESH_TIMEOUT)
    routes.append(_nothing({"prefix": "/"}))
    return _configuration(f"mesh-{service.name}", routes)


def _twice(
    match: dict[str, Any], cluster: str, repeatable: dict[str, Any], timeout: int
) -> list[dict[str, Any]]:
    """The same route two times: requests that may be repeated, and all others."""
    action = {"cluster": cluster, "timeout": f"{timeout}s"}
    return [
        {"match": {**match, "headers": [repeatable]}, "route": {**action, "retry_policy": _RETRY}},
        {"match": match, "route": {**action, "retry_policy": _NO_RETRY}},
    ]


def _match(prefix: str) -> dict[str, Any]:
    # Without its slash the path belongs to the service too: Django redirects it.
    bare = prefix.rstrip("/")
    return {"path_separated_prefix": bare} if bare else {"prefix": "/"}


def _nothing(match: dict[str, Any]) -> dict[str, Any]:
    return {
        "match": match,
        "direct_response": {"status": 404},
        # Answered at the headers: nobody reads the body.
        "typed_per_filter_config": {
            "envoy.filters.http.buffer": {
                "@type": "type.googleapis.com/envoy.extensions.filters.http.buffer.v3"
                ".BufferPerRoute",
                "disabled": True,
            }
        },
    }


def _configuration(name: str, routes: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "name": name,
        "virtual_hosts": [{"name": name, "domains": ["*"], "routes": routes}],
        "response_headers_to_remove": ["x-envoy-upstream-service-time", "x-powered-by"],
        # One spelling of Host for every rule and log line.
        "ignore_port_in_host_matching": True,
    }
