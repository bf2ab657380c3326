"""The parts of any route: what it matches, what may be tried twice, and what ends at once."""

from typing import Any

from ramet.tools.gateway import answers, limits

__all__ = ["NO_BODY_LIMIT", "configuration", "nothing", "path_match", "twice"]

NO_BODY_LIMIT = limits.body_override({"disabled": True})

_RETRY: dict[str, Any] = {
    # Where no answer has come. What a service does answer is its last word, a 503 too: most often
    # it has called another one, in vain and twice, which a second try here would make four times.
    "retry_on": "connect-failure,refused-stream,reset,retriable-headers",
    "retriable_headers": [{"name": answers.UNANSWERED, "present_match": True}],
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


def twice(
    match: dict[str, Any], action: dict[str, Any], repeatable: dict[str, Any], timeout: int
) -> list[dict[str, Any]]:
    """The same route two times: requests that may be repeated, and all others."""
    action = {**action, "timeout": f"{timeout}s"}
    repeated = {**match, "headers": [*match.get("headers", ()), repeatable]}
    return [
        {"match": repeated, "route": {**action, "retry_policy": _RETRY}},
        {"match": match, "route": {**action, "retry_policy": _NO_RETRY}},
    ]


def path_match(prefix: str) -> dict[str, Any]:
    """The match of a prefix as `routes` of ramet.toml has it."""
    # Without its slash the path belongs to the service too: Django redirects it.
    bare = prefix.rstrip("/")
    return {"path_separated_prefix": bare} if bare else {"prefix": "/"}


def nothing(match: dict[str, Any], *, status: int = 404) -> dict[str, Any]:
    """A route that ends here, with Envoy's own answer."""
    return {
        "match": match,
        "direct_response": {"status": status},
        # Answered at the headers: nobody reads the body.
        "typed_per_filter_config": NO_BODY_LIMIT,
    }


def configuration(name: str, routes: list[dict[str, Any]]) -> dict[str, Any]:
    """Routes for any host, tried in their order."""
    return {
        "@type": "type.googleapis.com/envoy.config.route.v3.RouteConfiguration",
        "name": name,
        "virtual_hosts": [{"name": name, "domains": ["*"], "routes": routes}],
        # The last one: of a service that says it itself, and before it comes to who asked.
        "response_headers_to_remove": [
            "x-envoy-upstream-service-time",
            "x-powered-by",
            answers.UNANSWERED,
        ],
        # One spelling of Host for every rule and log line.
        "ignore_port_in_host_matching": True,
    }
