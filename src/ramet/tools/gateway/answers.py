"""What Envoy says on its own, and what it writes down: local replies and the access log."""

from collections.abc import Iterator, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any

from ramet.tools.gateway import paths
from ramet.tools.gateway.hygiene import INTERNAL

__all__ = ["LOST", "access_log", "mesh", "mesh_caller", "problems"]

LOST = "x-ramet-lost"
"""A header that one Envoy's answer has for another: the request may be tried again."""

_DETAILS = {
    400: "The request is not well formed.",
    401: "The access token was not accepted.",
    403: "No connection is upgraded at this path.",
    404: "Nothing is served at this path.",
    408: "The request did not arrive in time.",
    413: "The body is too large.",
    426: "This version of HTTP is not spoken here.",
    429: "Too many requests.",
    431: "The headers are too large.",
    502: "The service answered something that is not HTTP.",
    503: "The service cannot be reached at the moment.",
    504: "The service took too long to answer.",
}
_MAINTENANCE_SECONDS = 120  # when to come again; nobody knows better
_NO_KEYS = "Jwks_remote_fetch_is_failed"  # of Envoy's response code details
# Connect's codes (connectrpc.com/docs/protocol, "Error codes"): a caller gets the error that the
# service itself would have sent.
_CONNECT = {
    400: ("invalid_argument", "The request is not well formed."),
    404: ("unimplemented", "No operation is served at this path."),
    408: ("deadline_exceeded", "The request did not arrive in time."),
    413: ("invalid_argument", "The arguments are too large."),
    502: ("unavailable", "The service answered something that is not HTTP."),
    503: ("unavailable", "The service cannot be reached."),
    504: ("deadline_exceeded", "The service took too long to answer."),
}
# The codes of those that an operator may have a service answer.
_OF_FAULTS = {429: "unavailable", 500: "internal", 502: "unavailable"}
_OF_FAULTS |= {503: "unavailable", 504: "deadline_exceeded"}


def problems(headers: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Every answer of the gateway's own as a problem document (RFC 9457), with these `headers`."""
    # Envoy says 403 to a wrong audience, RFC 6750 section 3.1 wants 401.
    foreign_audience = _mapper(403, _problem(401))
    foreign_audience["filter"] = _where(
        "response.code == 403 && response.code_details.startsWith('jwt_authn')"
    )
    foreign_audience["status_code"] = 401
    foreign_audience["headers_to_add"] = [
        _header("www-authenticate", 'Bearer error="invalid_token"'),
    ]
    mappers = [_keys_unknown(), _maintenance(), foreign_audience]
    mappers += (_mapper(status, _problem(status)) for status in _DETAILS)
    for mapper in mappers:
        mapper["headers_to_add"] = [*mapper.get("headers_to_add", ()), *headers]
    return {
        "mappers": mappers,
        "body_format": {
            "json_format": {
                "type": "about:blank",
                "status": "%RESPONSE_CODE%",
                "detail": "The gateway could not serve this request.",
            },
            "content_type": "application/problem+json",
        },
    }


def _keys_unknown() -> dict[str, Any]:
    """503 where Envoy started while the issuer is away: the token may be good, and who is told that
    it is not throws it away."""
    mapper = _mapper(503, _problem(503))
    mapper["status_code"] = 503
    mapper["headers_to_add"].append(_header("www-authenticate", "Bearer"))
    mapper["filter"] = _where(f"response.code_details.contains('{_NO_KEYS}')")
    return mapper


def _maintenance() -> dict[str, Any]:
    """503 on purpose: the only one that a route states itself."""
    mapper = _mapper(503, _problem(503, "The service is being maintained."))
    mapper["filter"] = _where("response.code == 503 && response.code_details == 'direct_response'")
    mapper["headers_to_add"] = [_header("retry-after", str(_MAINTENANCE_SECONDS))]
    return mapper


def _where(expression: str) -> dict[str, Any]:
    return {
        "extension_filter": {
            "name": "envoy.access_loggers.extension_filters.cel",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.access_loggers.filters.cel.v3"
                ".ExpressionFilter",
                "expression": expression,
            },
        }
    }


def mesh(service: str) -> dict[str, Any]:
    """Answers of a service's mesh listener: to a call the errors that it would get from the
    service itself, to a request for a public route a problem."""
    to_calls = [_where_also(mapper, _is_internal()) for mapper in _connect_errors()]
    to_routes = [_mapper(status, _problem(status)) for status in _DETAILS]
    refused = "%DOWNSTREAM_PEER_URI_SAN% may not call %PATH(NQ)% of " + service
    return {
        "mappers": [
            _refusal(f"{refused}: its code shows no need of it."),
            *_switched(service),
            *map(_lost, to_calls),
            *to_calls,
            *map(_lost, to_routes),
            *to_routes,
        ]
    }


def mesh_caller(service: str) -> dict[str, Any]:
    """Answers of the socket by which a service calls others."""
    refused = f"{service} may not call %REQ(X-RAMET-SERVICE)%: its code shows no need of it."
    return {"mappers": [_refusal(refused), *_connect_errors()]}


def _connect_errors() -> list[dict[str, Any]]:
    return [
        _mapper(status, _connect_error(code, message))
        for status, (code, message) in _CONNECT.items()
    ]


def _switched(service: str) -> Iterator[dict[str, Any]]:
    """Where an operator has it so: a fault of this status, or no process at all."""
    fault = f"A fault is switched on for {service}: `ramet fault {service} --off` ends it."
    nobody = f"No process of {service} runs, as its operator has it."
    kinds = [("FI", status, code, fault) for status, code in _OF_FAULTS.items()]
    for flag, status, code, message in (*kinds, ("UH", 503, "unavailable", nobody)):
        condition = {"response_flag_filter": {"flags": [flag]}}
        to_call = _mapper(status, _connect_error(code, message))
        yield _where_also(_where_also(to_call, _is_internal()), condition)
        yield _where_also(_mapper(status, _problem(status, message)), condition)


def _refusal(message: str) -> dict[str, Any]:
    return _mapper(403, _connect_error("permission_denied", message))


def _connect_error(code: str, message: str) -> dict[str, Any]:
    return {"json_format": {"code": code, "message": message}, "content_type": "application/json"}


def _lost(mapper: dict[str, Any]) -> dict[str, Any]:
    """The same answer where the connection to the service's process was lost, or there was none."""
    # Of Envoy's response flags: no connection, ended, reset by the other side, not HTTP.
    flags = {"response_flag_filter": {"flags": ["UF", "UC", "UR", "UPE"]}}
    added = [*mapper.get("headers_to_add", ()), _header(LOST, "1")]
    return {**_where_also(mapper, flags), "headers_to_add": added}


def _where_also(mapper: dict[str, Any], condition: dict[str, Any]) -> dict[str, Any]:
    return {**mapper, "filter": {"and_filter": {"filters": [mapper["filter"], condition]}}}


def _is_internal() -> dict[str, Any]:
    path = {"name": ":path", "string_match": {"prefix": f"{INTERNAL}/"}}
    return {"header_filter": {"header": path}}


def access_log(path: Path, listener: str) -> list[dict[str, Any]]:
    """One JSON object a line. Paths without query and secrets: links carry codes and tokens."""
    return [
        {
            "name": "envoy.access_loggers.file",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.access_loggers.file.v3"
                ".FileAccessLog",
                "path": str(path),
                "log_format": {
                    "json_format": {
                        "time": "%START_TIME%",
                        "listener": listener,
                        "service": "%UPSTREAM_CLUSTER%",
                        "method": "%REQ(:METHOD)%",
                        "path": paths.TOLD,
                        "status": "%RESPONSE_CODE%",
                        "flags": "%RESPONSE_FLAGS%",
                        "details": "%RESPONSE_CODE_DETAILS%",
                        "attempts": "%UPSTREAM_REQUEST_ATTEMPT_COUNT%",
                        "milliseconds": "%DURATION%",
                        "upstream_milliseconds": "%RESPONSE_DURATION%",
                        "upstream": "%UPSTREAM_HOST%",
                        "bytes_received": "%BYTES_RECEIVED%",
                        "bytes_sent": "%BYTES_SENT%",
                        "caller": "%DOWNSTREAM_PEER_URI_SAN%",
                        "client": "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%",
                        "agent": "%REQ(USER-AGENT)%",
                        "request_id": "%REQ(X-REQUEST-ID)%",
                        "traceparent": "%REQ(TRACEPARENT)%",
                    },
                },
            },
        }
    ]


def _problem(status: int, detail: str = "") -> dict[str, Any]:
    return {
        "json_format": {
            "type": "about:blank",
            "title": HTTPStatus(status).phrase,
            "status": status,
            "detail": detail or _DETAILS[status],
        },
        "content_type": "application/problem+json",
    }


def _mapper(status: int, body: dict[str, Any]) -> dict[str, Any]:
    value = {"default_value": status, "runtime_key": f"ramet.local_reply.{status}"}
    mapper: dict[str, Any] = {
        "filter": {"status_code_filter": {"comparison": {"op": "EQ", "value": value}}},
        "body_format_override": body,
    }
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        mapper["headers_to_add"] = [_header("retry-after", "1")]
    return mapper


def _header(name: str, value: str) -> dict[str, Any]:
    return {
        "header": {"key": name, "value": value},
        "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
    }
