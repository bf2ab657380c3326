"""The parts of any route: what it matches, what may be tried twice, and what ends at once."""

from typing import Any

from ramet.tools.gateway import answers, limits

__all__ = [
    "ANOTHER_PROCESS",
    "NO_BODY_LIMIT",
    "configuration",
    "each_within",
    "nothing",
    "path_match",
    "twice",
]

NO_BODY_LIMIT = limits.body_override({"disabled": True})

_ELSEWHERE: dict[str, Any] = {
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
_LOST = "connect-failure,refused-stream,retriable-headers"
_RETRY: dict[str, Any] = {
    # Lost connections, here or behind the service's own Envoy. Never what a service itself answers:
    # where its 503 stems from a call of its own, that has been tried twice already.
    "retry_on": f"{_LOST},reset",
    "retriable_headers": [{"name": answers.LOST, "present_match": True}],
    "num_retries": 1,
    "retry_back_off": {"base_interval": "0.025s", "max_interval": "0.25s"},
    **_ELSEWHERE,
}
_NO_RETRY = {"num_retries": 0}
ANOTHER_PROCESS: dict[str, Any] = {
    "retry_on": "connect-failure",
    # A choice among few may fall on the same one again; it costs nothing.
    "num_retries": 3,
    **_ELSEWHERE,
}
"""Nothing has been sent where nobody took the connection, so any request may go to another one."""


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


def each_within(timeout: str, policy: dict[str, Any]) -> dict[str, Any]:
    """The same policy of retries where each try has so much time, and not all of them together.

    Envoy takes the end of that time for a reset of the connection: such a one is no reason for
    another try then. What has happened behind the service's own Envoy still is.
    """
    bounded = {**policy, "per_try_timeout": timeout}
    return bounded | {"retry_on": _LOST} if "retry_on" in policy else bounded


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
        "typed_per_filter_config": {**NO_BODY_LIMIT},
    }


def configuration(name: str, routes: list[dict[str, Any]]) -> dict[str, Any]:
    """Routes for any host, tried in their order."""
    return {
        "name": name,
        "virtual_hosts": [{"name": name, "domains": ["*"], "routes": routes}],
        "response_headers_to_remove": [
            "x-envoy-upstream-service-time",
            "x-powered-by",
            answers.LOST,
        ],
        # One spelling of Host for every rule and log line.
        "ignore_port_in_host_matching": True,
    }
