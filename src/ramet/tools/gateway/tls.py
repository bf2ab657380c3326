"""TLS at the edge: what is spoken, and where Envoy reads the certificate from.

The certificate comes by SDS from files, so that a renewed one serves new connections without a
restart: replace both files by a rename (`mv`, a new symbolic link), which is what Envoy watches.
"""

from pathlib import Path
from typing import Any

__all__ = ["SDS_FILE", "quic_socket", "secret", "tls_socket"]

SDS_FILE = "sds-edge.json"
_NAME = "public"  # no service may be called so
_TLS = "type.googleapis.com/envoy.extensions.transport_sockets"
# Forward secrecy and authenticated encryption alone (RFC 9325, section 4.2). TLS 1.3 has no others.
_CIPHERS = [
    "[ECDHE-ECDSA-AES128-GCM-SHA256|ECDHE-ECDSA-CHACHA20-POLY1305]",
    "[ECDHE-RSA-AES128-GCM-SHA256|ECDHE-RSA-CHACHA20-POLY1305]",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
]


def tls_socket(config_dir: Path) -> dict[str, Any]:
    """The transport socket of a TCP listener: TLS 1.2 and 1.3, HTTP/2 offered before HTTP/1.1."""
    parameters = {
        "tls_minimum_protocol_version": "TLSv1_2",
        "tls_maximum_protocol_version": "TLSv1_3",
        "cipher_suites": _CIPHERS,
        "ecdh_curves": ["X25519", "P-256"],
    }
    common = _common(config_dir, ["h2", "http/1.1"]) | {"tls_params": parameters}
    context = {
        "@type": f"{_TLS}.tls.v3.DownstreamTlsContext",
        "common_tls_context": common,
    }
    return {"name": "envoy.transport_sockets.tls", "typed_config": context}


def quic_socket(config_dir: Path) -> dict[str, Any]:
    """The transport socket of a UDP listener for HTTP/3, which is TLS 1.3 always.

    Unless told otherwise Envoy takes early data there, which whoever records it can send again.
    """
    return {
        "name": "envoy.transport_sockets.quic",
        "typed_config": {
            "@type": f"{_TLS}.quic.v3.QuicDownstreamTransport",
            "downstream_tls_context": {"common_tls_context": _common(config_dir, ["h3"])},
            "enable_early_data": False,
        },
    }


def secret(certificate: Path, key: Path) -> dict[str, Any]:
    """The SDS resource: PEM files, the certificate with those between it and its authority."""
    return {
        "@type": f"{_TLS}.tls.v3.Secret",
        "name": _NAME,
        "tls_certificate": {
            "certificate_chain": {"filename": str(certificate)},
            "private_key": {"filename": str(key)},
        },
    }


def _common(config_dir: Path, alpn: list[str]) -> dict[str, Any]:
    source = {
        "path_config_source": {"path": str(config_dir / SDS_FILE)},
        "resource_api_version": "V3",
    }
    return {
        "tls_certificate_sds_secret_configs": [{"name": _NAME, "sds_config": source}],
        "alpn_protocols": alpn,
    }
