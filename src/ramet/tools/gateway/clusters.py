"""How a service is reached: by its mesh listener from the gateway and from each that calls it, by
its processes from that listener.

One cluster of processes for each service, not for each group: when a service moves to another
process, only its endpoints change, and routes, breakers and statistics stay.
"""

import ipaddress
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from ramet.tools.gateway import limits

__all__ = ["address", "cluster", "foreign", "http2", "http11", "pair", "processes"]

_CLUSTER = "type.googleapis.com/envoy.config.cluster.v3.Cluster"
_HTTP = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"


def processes(service: str) -> str:
    """The name of the cluster of a service's own processes. No service's name has a dot."""
    return f"{service}.web"


def pair(caller: str, callee: str) -> str:
    """The name of the cluster by which one service calls another, with its own certificate."""
    return f"{caller}->{callee}"


def cluster(
    name: str, addresses: Sequence[str], transport_socket: dict[str, Any] | None = None
) -> dict[str, Any]:
    """A cluster of whoever listens at `addresses`; none is a service that is down.

    With a `transport_socket` it is a hop of the mesh and speaks HTTP/2, else HTTP/1.1. ValueError
    for an address that is none.
    """
    endpoints = [{"endpoint": {"address": address(each)}} for each in addresses]
    return {
        "@type": _CLUSTER,
        "name": name,
        "type": "STATIC",
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": endpoints}],
        },
        "lb_policy": "LEAST_REQUEST",
        "connect_timeout": f"{limits.UPSTREAM_CONNECT}s",
        "circuit_breakers": limits.CIRCUIT_BREAKERS,
        "outlier_detection": limits.OUTLIERS,
        **(
            {"typed_extension_protocol_options": http11()}
            if transport_socket is None
            # One connection for many requests: with TLS it costs half the processor time.
            else {
                "typed_extension_protocol_options": http2(),
                "transport_socket": transport_socket,
            }
        ),
    }


def foreign(name: str, url: str, ca_bundle: str, protocol: dict[str, Any]) -> dict[str, Any]:
    """The cluster of a server outside the system, by its http or https URL.

    With https, its certificate must be for its name and from an authority in the file `ca_bundle`.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    endpoint = {"address": {"socket_address": {"address": host, "port_value": port}}}
    described: dict[str, Any] = {
        "@type": _CLUSTER,
        "name": name,
        "type": "STRICT_DNS",
        "dns_lookup_family": "V4_PREFERRED",
        "connect_timeout": f"{limits.UPSTREAM_CONNECT}s",
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [{"endpoint": endpoint}]}],
        },
        "typed_extension_protocol_options": protocol,
    }
    if parts.scheme == "https":
        described["transport_socket"] = {
            "name": "envoy.transport_sockets.tls",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3"
                ".UpstreamTlsContext",
                "sni": host,
                # Without it any certificate of any trusted authority would do.
                "auto_sni_san_validation": True,
                # By path: Envoy has a field for the system's certificates, and does not heed it.
                "common_tls_context": {
                    "validation_context": {"trusted_ca": {"filename": ca_bundle}}
                },
            },
        }
    return described


def http11() -> dict[str, Any]:
    """The `typed_extension_protocol_options` of a server that speaks HTTP/1.1."""
    return _protocol({"http_protocol_options": {}})


def http2() -> dict[str, Any]:
    """The same of one that speaks HTTP/2."""
    options = {
        "allow_connect": True,  # WebSockets (RFC 8441)
        # A peer that is gone without a word would hold all requests, not some of them.
        "connection_keepalive": {
            "interval": f"{limits.PEER_ASKED_EVERY}s",
            "timeout": f"{limits.PEER_ANSWERS}s",
        },
    }
    return _protocol({"http2_protocol_options": options})


def _protocol(explicit: dict[str, Any]) -> dict[str, Any]:
    return {
        _HTTP: {
            "@type": f"type.googleapis.com/{_HTTP}",
            "common_http_protocol_options": {"idle_timeout": f"{limits.UPSTREAM_IDLE}s"},
            "explicit_http_config": explicit,
        }
    }


def address(text: str) -> dict[str, Any]:
    """A socket's path, which its owner alone may open, or an IP address with its port.

    ValueError for anything else.
    """
    bare = text.removeprefix("unix:")
    if bare.startswith("/"):
        return {"pipe": {"path": bare, "mode": 0o600}}
    parts = urlsplit(text if "://" in text else f"http://{text}")
    try:
        host = ipaddress.ip_address(parts.hostname or "")
        port = parts.port
    except ValueError as error:
        problem = f"{text!r} is neither a socket's path nor an IP address: {error}"
        raise ValueError(problem) from None
    if port is None:
        raise ValueError(f"{text!r} names no port")
    return {"socket_address": {"address": str(host), "port_value": port}}
