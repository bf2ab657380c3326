"""Who is who in the mesh: SPIFFE ids, the files that prove them, and TLS that demands them.

An id is `spiffe://<system>/<service>` (https://github.com/spiffe/spiffe/blob/main/standards), the
only URI among a certificate's alternative names. Envoy takes the files up through its secret
discovery (SDS), so that renewing one cuts no connection. Each secret costs two inotify instances,
for the file that names it and for its folder, however many clusters and listeners use it.
"""

from typing import Any

from ramet.system import System
from ramet.tools.gateway.topology import Topology

__all__ = ["GATEWAY", "client_side", "identity", "secrets", "server_side"]

GATEWAY = "gateway"
"""The gateway's name where a service's could stand; no service may be called so."""

_TLS = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3"
_AUTHORITY = "authority"
_ONLY_1_3 = {"tls_minimum_protocol_version": "TLSv1_3", "tls_maximum_protocol_version": "TLSv1_3"}


def identity(system: System, service: str) -> str:
    """The SPIFFE id of a service, or of the gateway."""
    return f"spiffe://{system.name}/{service}"


def secrets(topology: Topology, services: list[str]) -> dict[str, dict[str, Any]]:
    """Files of SDS with the secret in each: certificates of gateway and services, the authority.

    They name the files that hold keys; they hold none.
    """
    found = {}
    for service in (GATEWAY, *services):
        folder = topology.certificates / service
        found[_file(service)] = {
            "@type": f"{_TLS}.Secret",
            "name": service,
            "tls_certificate": {
                "certificate_chain": {"filename": str(folder / "tls.crt")},
                "private_key": {"filename": str(folder / "tls.key")},
                # The link in it is what changes (as in a Secret that Kubernetes mounts).
                "watched_directory": {"path": str(folder)},
            },
        }
    folder = topology.certificates / GATEWAY
    found[f"sds-{_AUTHORITY}.json"] = {
        "@type": f"{_TLS}.Secret",
        "name": _AUTHORITY,
        "validation_context": {
            "trusted_ca": {"filename": str(folder / "ca.crt")},
            "watched_directory": {"path": str(folder)},
        },
    }
    return found


def server_side(system: System, topology: Topology, service: str) -> dict[str, Any]:
    """The transport socket of a service's listener: TLS 1.3, for members of the system alone."""
    return {
        "name": "envoy.transport_sockets.tls",
        "typed_config": {
            "@type": f"{_TLS}.DownstreamTlsContext",
            "require_client_certificate": True,
            "common_tls_context": {
                **_context(topology, service, {"prefix": identity(system, "")}),
                "alpn_protocols": ["h2", "http/1.1"],
            },
            # A resumed session shows no certificate, so nothing would look whether it still holds.
            "disable_stateless_session_resumption": True,
            "disable_stateful_session_resumption": True,
        },
    }


def client_side(system: System, topology: Topology, caller: str, callee: str) -> dict[str, Any]:
    """The transport socket of `caller`'s connections to `callee`, and to nobody else."""
    return {
        "name": "envoy.transport_sockets.tls",
        "typed_config": {
            "@type": f"{_TLS}.UpstreamTlsContext",
            "common_tls_context": {
                **_context(topology, caller, {"exact": identity(system, callee)}),
                "alpn_protocols": ["h2"],
            },
        },
    }


def _context(topology: Topology, owner: str, peer: dict[str, str]) -> dict[str, Any]:
    return {
        "tls_params": _ONLY_1_3,
        "tls_certificate_sds_secret_configs": [_secret(topology, owner, _file(owner))],
        "combined_validation_context": {
            "default_validation_context": {
                "match_typed_subject_alt_names": [{"san_type": "URI", "matcher": peer}]
            },
            "validation_context_sds_secret_config": _secret(
                topology, _AUTHORITY, f"sds-{_AUTHORITY}.json"
            ),
        },
    }


def _secret(topology: Topology, name: str, file: str) -> dict[str, Any]:
    # Envoy shares the subscription of equal configurations: no field here may tell users apart.
    source = {"path": str(topology.config_dir / file)}
    return {
        "name": name,
        "sds_config": {"path_config_source": source, "resource_api_version": "V3"},
    }


def _file(service: str) -> str:
    return f"sds-mesh-{service}.json"
