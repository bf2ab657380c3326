"""How much, how long and how many: every bound that the gateway and the mesh put on traffic.

One home, so that a reader can judge them together. Seconds unless the name says otherwise.
"""

from typing import Any

from ramet.system import Service, System

__all__ = [
    "CIRCUIT_BREAKERS",
    "CLIENT_IDLE",
    "CLOCK_SKEW",
    "DOWNSTREAM_CONNECTIONS",
    "EXPENDABLE",
    "HEADERS",
    "HEADERS_TIMEOUT",
    "HEADER_BYTES_KIB",
    "KEYS_FRESH",
    "LARGEST_BODY",
    "LONGEST_TOKEN",
    "MESH_CONNECTION",
    "MESH_TIMEOUT",
    "OUTLIERS",
    "PEER_ANSWERS",
    "PEER_ASKED_EVERY",
    "RATE_SERVICE",
    "REQUEST_TIMEOUT",
    "ROUTE_TIMEOUT",
    "SILENT_STREAM",
    "STREAM_IDLE",
    "UPSTREAM_CONNECT",
    "UPSTREAM_IDLE",
    "answer",
    "body_override",
    "is_patient",
    "receipt",
    "silence",
    "waiting",
]

LARGEST_BODY = 1024 * 1024  # bytes
HEADERS = 100
HEADER_BYTES_KIB = 32
# Beyond it new connections are closed at once. Mesh and admin listeners do not count: a flood from
# outside must not cut the services off from each other.
DOWNSTREAM_CONNECTIONS = 10_000

HEADERS_TIMEOUT = 5  # a client that dribbles its headers
REQUEST_TIMEOUT = 15  # until the last byte of the request has arrived
ROUTE_TIMEOUT = 15  # from there to the end of the answer, retries included
# For a request in the mesh that says nothing of its own deadline.
MESH_TIMEOUT = 60
# A certificate is looked at once, when the connection begins.
MESH_CONNECTION = 3600
STREAM_IDLE = 30  # from outside; waiting for a service to answer is silence too
# WebSockets and server-sent events. Whoever keeps one open says something every minute or so.
SILENT_STREAM = 300
CLIENT_IDLE = 60
UPSTREAM_CONNECT = 1
PEER_ASKED_EVERY = 10  # on an HTTP/2 connection of the mesh
PEER_ANSWERS = 5
# Shorter than granian's 30 s for the next request's headers: the side that closes must be the one
# that would send, or a request meets a closing connection and fails without being retried.
UPSTREAM_IDLE = 10

# For the answer of a rate limit service, which every request waits for; without one it goes on.
RATE_SERVICE = 0.1

# The same 10 s as ramet.identity: a token is never good at the edge and bad behind it.
CLOCK_SKEW = 10
LONGEST_TOKEN = 8 * 1024  # bytes
# A new key has to be published for longer than this before it signs.
KEYS_FRESH = 300

CIRCUIT_BREAKERS: dict[str, Any] = {
    "thresholds": [
        {
            "max_connections": 256,
            "max_pending_requests": 256,
            "max_requests": 512,
            # Does not bind a lone caller: num_retries is capped at 1 besides. The share is of all
            # requests under way, retries too: 16% of them are 19% of what callers asked.
            "retry_budget": {"budget_percent": {"value": 16}, "min_retry_concurrency": 3},
        }
    ]
}
# Only what the host did wrong: a 500 is a bug of the view on every host alike, so 5xx do not count.
# With one host left Envoy's panic threshold keeps it in use, so a lone process is never shut out.
OUTLIERS: dict[str, Any] = {
    "split_external_local_origin_errors": True,
    "consecutive_local_origin_failure": 5,
    "enforcing_consecutive_local_origin_failure": 100,
    "consecutive_gateway_failure": 10,
    "enforcing_consecutive_gateway_failure": 100,
    "enforcing_consecutive_5xx": 0,
    "enforcing_success_rate": 0,
    "enforcing_local_origin_success_rate": 0,
    "interval": "1s",
    "base_ejection_time": "5s",
    "max_ejection_time": "60s",
    "max_ejection_percent": 50,
}
# For whoever is asked on the way of a request that can go on without the answer: five questions in
# vain, and for a second or a few nobody waits for the next one, be it the last host or not.
EXPENDABLE: dict[str, Any] = {
    "circuit_breakers": CIRCUIT_BREAKERS,
    "outlier_detection": {
        **OUTLIERS,
        # Apart, each use of a connection that is still open would forget the late answers before.
        "split_external_local_origin_errors": False,
        "consecutive_gateway_failure": 5,
        "base_ejection_time": "1s",
        "max_ejection_time": "3s",
        "max_ejection_percent": 100,
    },
    "common_lb_config": {"healthy_panic_threshold": {"value": 0}},
}


def receipt(service: Service) -> int:
    """How long a client may take to send a request to this service."""
    return service.receive_within or REQUEST_TIMEOUT


def answer(service: Service) -> int:
    """How long this service may take to answer."""
    return service.answer_within or ROUTE_TIMEOUT


def silence(service: Service) -> int:
    """How long nothing may move while this service is asked: longer than it may take to answer."""
    return max(STREAM_IDLE, answer(service) + 1)


def is_patient(service: Service) -> bool:
    """Whether a service waits longer for a request than the gateway does by itself."""
    return receipt(service) > REQUEST_TIMEOUT


def waiting(system: System, options: dict[str, Any]) -> dict[str, Any]:
    """The times of the connection manager, whose other common `options` stay: as long as the most
    patient service waits.

    A route can shorten no such time. So where one service is patient, the streams of all others are
    bounded as a whole, by the time to receive them and the longest answer.
    """
    services = system.services.values()
    found: dict[str, Any] = {
        "request_timeout": f"{max([REQUEST_TIMEOUT, *map(receipt, services)])}s"
    }
    if any(map(is_patient, services)):
        answers = [answer(service) for service in services if not is_patient(service)]
        whole = REQUEST_TIMEOUT + max([ROUTE_TIMEOUT, *answers])
        found["common_http_protocol_options"] = options | {"max_stream_duration": f"{whole}s"}
    return found


def body_override(body: dict[str, Any]) -> dict[str, Any]:
    """What a route says instead of LARGEST_BODY."""
    kind = "type.googleapis.com/envoy.extensions.filters.http.buffer.v3.BufferPerRoute"
    return {"envoy.filters.http.buffer": {"@type": kind, **body}}
