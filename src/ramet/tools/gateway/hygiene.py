"""What a request must look like before anything else looks at it.

Envoy's defaults let `/public/../o` and its encodings pass a rule for `/public/`, and headers with
underscores overwrite those with dashes in WSGI (`X_A` and `X-A` are one variable there).
"""

from collections.abc import Sequence
from typing import Any

from ramet.system import probes
from ramet.tools.gateway import limits

__all__ = [
    "INTERNAL",
    "connection",
    "header_guard",
    "http2",
    "internal_paths",
    "runtime",
    "several_hosts",
]

# What services say to each other; never answered to the outside.
INTERNAL = "/.ramet"
# Baggage and tracestate would go with every call and event that a request causes.
_TRUSTED_HEADERS = "x-(?:ramet|envoy|forwarded)-.*|forwarded|x-real-ip|baggage|tracestate"
# One header is the balancer's own word: it appends the address that it was called from.
_BUT_THE_BALANCERS = (
    "x-(?:ramet|envoy)-.*|x-forwarded-(?:[^f].*|f[^o].*)|forwarded|x-real-ip|baggage|tracestate"
)


def connection() -> dict[str, Any]:
    """The fields of an HTTP connection manager that hold for gateway and mesh alike."""
    return {
        "codec_type": "AUTO",
        # Paths are compared in one spelling, or refused.
        "normalize_path": True,
        "merge_slashes": True,
        "path_with_escaped_slashes_action": "REJECT_REQUEST",
        # Envoy's own defaults already refuse both lengths (CL+TE), doubled lengths and HTTP/1.0.
        "http_protocol_options": {},
        "http2_protocol_options": http2(),
        "common_http_protocol_options": {
            "idle_timeout": f"{limits.CLIENT_IDLE}s",
            "max_headers_count": limits.HEADERS,
            "headers_with_underscores_action": "REJECT_REQUEST",
        },
        "max_request_headers_kb": limits.HEADER_BYTES_KIB,
        "request_headers_timeout": f"{limits.HEADERS_TIMEOUT}s",
        "request_timeout": f"{limits.REQUEST_TIMEOUT}s",
        "stream_idle_timeout": f"{limits.STREAM_IDLE}s",
        "server_name": "ramet",
        "server_header_transformation": "OVERWRITE",
        "generate_request_id": True,
        "always_set_request_id_in_response": True,
    }


def http2() -> dict[str, Any]:
    """What a peer may have open, and in flight, on one HTTP/2 connection."""
    return {
        "max_concurrent_streams": 100,
        "initial_stream_window_size": 64 * 1024,
        "initial_connection_window_size": 1024 * 1024,
    }


def header_guard(
    further: Sequence[dict[str, Any]] = (), *, behind_balancer: bool = False
) -> dict[str, Any]:
    """Takes from outside requests whatever only Ramet, Envoy or a trusted proxy may say.

    Early, before Envoy itself reads x-envoy-* and appends to X-Forwarded-For: upstream then sees
    the peer's address alone, whatever the client claimed before it. A balancer's X-Forwarded-For
    stays until Envoy has read its last entry. `further` mutations come after that.
    """
    names = _BUT_THE_BALANCERS if behind_balancer else _TRUSTED_HEADERS
    return {
        "name": "ramet.header_guard",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.http.early_header_mutation"
            ".header_mutation.v3.HeaderMutation",
            # One expression: three comparisons of prefixes cost each request 3 us more.
            "mutations": [
                {"remove_on_match": {"key_matcher": {"safe_regex": {"regex": names}}}},
                *further,
            ],
        },
    }


def internal_paths() -> list[dict[str, Any]]:
    """The route matches of INTERNAL and everything that begins like it, and of what a process
    tells machines about itself, in any case.

    One comparison is enough because `normalize_path` has decoded `%2eramet` and the like by then;
    the server behind would otherwise do it after the check.
    """
    probed = "|".join(path.removeprefix("/") for path in probes.PATHS)
    return [
        {"prefix": INTERNAL, "case_sensitive": False},
        {"safe_regex": {"regex": f"(?i)/(?:{probed})"}},
    ]


def several_hosts() -> dict[str, Any]:
    """The route match of a request with more than one Host, which Envoy has joined by a comma.

    RFC 9112, section 3.2, wants it refused: of two servers each may believe another one.
    """
    return {
        "prefix": "/",
        "headers": [{"name": ":authority", "string_match": {"contains": ","}}],
    }


def runtime() -> dict[str, Any]:
    """The switches of Envoy's own that are not on by default: a layer of its runtime."""
    # Without it a chunk may be longer than it says, and what is beyond is passed over in silence.
    strict = {"envoy.reloadable_features.strict_chunk_parsing": True}
    return {"name": "hygiene", "static_layer": strict}
