"""Which path goes to which service from outside, and under which conditions."""

from typing import Any
from urllib.parse import SplitResult, urlsplit

from ramet.system import Gateway, Service, Switches, System
from ramet.tools.gateway import cors, hygiene, limits, rate_limits
from ramet.tools.gateway.canary import USER, destination, visitors
from ramet.tools.gateway.routes import (
    NO_BODY_LIMIT,
    configuration,
    each_within,
    nothing,
    path_match,
    twice,
)
from ramet.tools.gateway.security_headers import ABSENT, security_headers

__all__ = ["gateway_routes", "redirect_routes"]

# Safe methods (RFC 9110, section 9.2.1). PUT and DELETE should be idempotent too, but nobody has
# promised that of a user's views, and a retry is only ever for what was declared.
_SAFE_METHODS = "GET|HEAD|OPTIONS"


def gateway_routes(system: System, switches: Switches) -> dict[str, Any]:
    """The public routes: internal paths denied first, then the longest prefix, at last 404."""
    gateway = system.gateway
    entries = [
        (prefix, service, kind)
        for service in system.services.values()
        for kind, prefixes in ((_answers, service.routes), (_streams, service.streams))
        for prefix in prefixes
    ]
    # A stream may have the whole of a route, and comes first then.
    entries.sort(key=lambda entry: (-len(entry[0]), entry[0], entry[2] is _answers))
    routes: list[dict[str, Any]] = [
        # No other match covers CONNECT, and a request without a route waits for its end.
        _end(system, {"connect_matcher": {}}),
        _end(system, hygiene.several_hosts(), status=400),
        *(_end(system, match) for match in hygiene.internal_paths()),
    ]
    for prefix, service, kind in entries:
        if service.name in switches.maintenance:
            routes.append(_end(system, path_match(prefix), status=503))
        else:
            routes += kind(prefix, service, system, switches)
    routes.append(_end(system, {"prefix": "/"}))
    found = configuration("gateway", routes)
    [host] = found["virtual_hosts"]
    if gateway.cors:
        host["typed_per_filter_config"] = {cors.FILTER: cors.cors_policy(gateway.cors)}
    if described := rate_limits.descriptions(system):
        host["rate_limits"] = described
    return {
        "@type": "type.googleapis.com/envoy.config.route.v3.RouteConfiguration",
        **found,
        "response_headers_to_add": _added_to_answers(gateway),
        "response_headers_to_remove": [*found["response_headers_to_remove"], "server"],
        "request_headers_to_add": _told_to_services(gateway),
        "request_headers_to_remove": [USER],
    }


def redirect_routes(public: SplitResult) -> dict[str, Any]:
    """Everything is elsewhere: at the public URL, whatever the request's Host says."""
    redirect = {
        "https_redirect": True,
        "host_redirect": public.hostname,
        "port_redirect": public.port or 443,
        "response_code": "PERMANENT_REDIRECT",
    }
    return configuration("redirect", [{"match": {"prefix": "/"}, "redirect": redirect}])


def _end(system: System, match: dict[str, Any], *, status: int = 404) -> dict[str, Any]:
    """A route that ends here, and counts who asks for it all the same."""
    route = nothing(match, status=status)
    route["typed_per_filter_config"] |= rate_limits.own_answers(system)
    return route


def _answers(
    prefix: str, service: Service, system: System, switches: Switches
) -> list[dict[str, Any]]:
    """An ordinary request, whose body arrives whole before the service hears of it."""
    safe = {"name": ":method", "string_match": {"safe_regex": {"regex": _SAFE_METHODS}}}
    action = {
        **destination(system, service, switches),
        "idle_timeout": f"{limits.silence(service)}s",
    }
    if described := rate_limits.descriptions(system, service):
        action["rate_limits"] = described
    routes: list[dict[str, Any]] = []
    for headers, added in visitors(service, system.gateway):
        match = path_match(prefix) | ({"headers": headers} if headers else {})
        for route in twice(match, action, safe, limits.answer(service)):
            routes.append(route | ({"response_headers_to_add": added} if added else {}))
    if limits.is_patient(service):
        for route in routes:
            _wait(route["route"], service)
    if service.largest_body is not None:
        body = {"buffer": {"max_request_bytes": service.largest_body}}
        for route in routes:
            route["typed_per_filter_config"] = limits.body_override(body)
    return routes


def _wait(action: dict[str, Any], service: Service) -> None:
    """Let a stream last as long as its parts may; with it Envoy no longer looks at `timeout`."""
    whole = limits.receipt(service) + limits.answer(service)
    action["max_stream_duration"] = {"max_stream_duration": f"{whole}s"}
    action["retry_policy"] = each_within(action["timeout"], action["retry_policy"])


def _streams(
    prefix: str, service: Service, system: System, switches: Switches
) -> list[dict[str, Any]]:
    """A WebSocket or server-sent events: passed on as they come, open as long as they speak."""
    action = {
        **destination(system, service, switches),
        "timeout": "0s",
        "max_stream_duration": {"max_stream_duration": "0s"},
        "idle_timeout": f"{limits.SILENT_STREAM}s",
        "upgrade_configs": [{"upgrade_type": "websocket"}],
        "retry_policy": {"num_retries": 0},
    }
    if described := rate_limits.descriptions(system, service):
        action["rate_limits"] = described
    return [
        {
            "match": path_match(prefix),
            "route": action,
            "typed_per_filter_config": NO_BODY_LIMIT,
            "request_headers_to_add": [_key_of_websockets()],
        }
    ]


def _key_of_websockets() -> dict[str, Any]:
    """What HTTP/1.1 wants of a WebSocket (RFC 6455, section 4.1), HTTP/2 has not got (RFC 8441,
    section 5), and Envoy does not add on the way from one to the other.

    It shows a client that its peer has understood, which ours is told by the status alone.
    """
    header = {"key": "sec-websocket-key", "value": "cmFtZXQncyBnYXRld2F5IQ=="}
    return {"header": header, "append_action": "ADD_IF_ABSENT"}


def _added_to_answers(gateway: Gateway) -> list[dict[str, Any]]:
    added = security_headers(gateway)
    if gateway.cors:
        # Envoy does not say so itself, and a cache would show one origin's answer to another.
        vary = {"key": "vary", "value": "Origin"}
        added.append({"header": vary, "append_action": "APPEND_IF_EXISTS_OR_ADD"})
    if gateway.speaks_tls:
        # HTTP/3 is at the same port, for a day until asked again (RFC 7838, RFC 9114 3.1.1).
        port = urlsplit(gateway.public_url).port or 443
        value = f'h3=":{port}"; ma=86400'
        added.append({"header": {"key": "alt-svc", "value": value}, "append_action": ABSENT})
    return added


def _told_to_services(gateway: Gateway) -> list[dict[str, Any]]:
    """Behind a balancer the connection is plain and comes from it; the request is neither."""
    if gateway.tls != "balancer":
        return []
    told = {
        "x-forwarded-proto": "https",
        "x-forwarded-for": "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%",
    }
    return [
        {"header": {"key": name, "value": value}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}
        for name, value in told.items()
    ]
