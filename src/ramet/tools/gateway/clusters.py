"""How a service is reached: one cluster for each, whatever process it is placed in.

Not one for each group: when a service moves to another process, only its endpoints change, and
routes, breakers and statistics stay.
"""

import ipaddress
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from ramet.tools.gateway import limits

__all__ = ["cluster", "foreign_issuer"]

_CLUSTER = "type.googleapis.com/envoy.config.cluster.v3.Cluster"
_HTTP = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"


def cluster(service: str, addresses: Sequence[str]) -> dict[str, Any]:
    """The cluster of a service whose processes listen at `addresses`; none is a service that is
    down. ValueError for an address that is none."""
    endpoints = [{"endpoint": {"address": _address(address)}} for address in addresses]
    return {
        "@type": _CLUSTER,
        "name": service,
        "type": "STATIC",
        "load_assignment": {
            "cluster_name": service,
            "endpoints": [{"lb_endpoints": endpoints}],
        },
        "lb_policy": "LEAST_REQUEST",
        "connect_timeout": f"{limits.UPSTREAM_CONNECT}s",
        "circuit_breakers": limits.CIRCUIT_BREAKERS,
        "outlier_detection": limits.OUTLIERS,
        "typed_extension_protocol_options": _http11(),
    }


def foreign_issuer(url: str, ca_bundle: str) -> dict[str, Any]:
    """The cluster of the keys of an issuer outside the system, named "issuer".

    Its certificate must be for its name and from an authority in the file `ca_bundle`.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    address = {"socket_address": {"address": host, "port_value": port}}
    described: dict[str, Any] = {
        "@type": _CLUSTER,
        "name": "issuer",
        "type": "STRICT_DNS",
        "dns_lookup_family": "V4_PREFERRED",
        "connect_timeout": f"{limits.UPSTREAM_CONNECT}s",
        "load_assignment": {
            "cluster_name": "issuer",
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address}}]}],
        },
        "typed_extension_protocol_options": _http11(),
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


def _http11() -> dict[str, Any]:
    return {
        _HTTP: {
            "@type": f"type.googleapis.com/{_HTTP}",
            "common_http_protocol_options": {"idle_timeout": f"{limits.UPSTREAM_IDLE}s"},
            "explicit_http_config": {"http_protocol_options": {}},
        }
    }


def _address(address: str) -> dict[str, Any]:
    bare = address.removeprefix("unix:")
    if bare.startswith("/"):
        return {"pipe": {"path": bare}}
    parts = urlsplit(address if "://" in address else f"http://{address}")
    try:
        host = ipaddress.ip_address(parts.hostname or "")
        port = parts.port
    except ValueError as error:
        problem = f"{address!r} is neither a socket's path nor an IP address: {error}"
        raise ValueError(problem) from None
    if port is None:
        raise ValueError(f"{address!r} names no port")
    return {"socket_address": {"address": str(host), "port_value": port}}
