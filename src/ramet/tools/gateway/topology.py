"""Where things are on one machine: all that the configuration needs beside the declared system."""

import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ramet.system import Group

__all__ = ["Topology"]


@dataclass(frozen=True, slots=True)
class Topology:
    """Folders, sockets and addresses.

    `config_dir` is the folder that the files are written to; Envoy reads them from there.
    `run_dir` holds the sockets; a socket's path may have 107 bytes, so keep it short.
    `certificates` holds a folder for each service and for "gateway" with `tls.crt`, `tls.key` and
    `ca.crt`, as cert-manager writes a Secret, SPIRE's helper can, and `ramet up` does; by default
    where a pod has them mounted.
    `endpoints` gives the addresses of a group's web processes where they are not the one default
    socket `<run_dir>/<group>.web.sock`: an absolute path, "host:port" or "http://host:port".
    `mesh` gives the addresses of mesh listeners that are not the socket `<service>.mesh.sock`.
    `issuer` replaces what follows from `[gateway] issuer` of ramet.toml. `jwks_url` is where a
    foreign issuer's discovery document says that its keys are; None while that is not known.
    `certificate` and `key` are the gateway's where `tls` is "local".
    `ca_bundle` is the PEM file of the authorities that the certificate of a foreign issuer, a rate
    limit service or a collector may be from. `rate_service` is the URL of such a service; None
    where rates are not shared, or where ours listens at `rate_socket`.
    `telemetry` is the base URL of the OTLP collector for Envoy's own spans; None: it makes none.
    `telemetry_headers`, names and values, go along to it, and may be secrets.
    """

    config_dir: Path
    run_dir: Path
    host: str
    port: int
    access_log: Path
    certificates: Path = Path("/etc/ramet/certificates")
    endpoints: Mapping[str, Sequence[str]] = field(default_factory=dict)
    mesh: Mapping[str, str] = field(default_factory=dict)
    issuer: str | None = None
    jwks_url: str | None = None
    certificate: Path | None = None
    key: Path | None = None
    rate_service: str | None = None
    telemetry: str | None = None
    telemetry_headers: Sequence[tuple[str, str]] = field(default=(), repr=False)
    ca_bundle: Path = field(default_factory=lambda: _ca_bundle())

    @property
    def admin_socket(self) -> Path:
        """Envoy's own interface: statistics, configuration, shutdown."""
        return self.run_dir / "envoy-admin.sock"

    @property
    def rate_socket(self) -> Path:
        """Where `ramet ratelimit` listens beside this Envoy."""
        return self.run_dir / "ratelimit.sock"

    def mesh_address(self, service: str) -> str:
        """Where the gateway and other services reach `service`, with TLS."""
        return self.mesh.get(service, str(self.run_dir / f"{service}.mesh.sock"))

    def out_socket(self, service: str) -> Path:
        """Where the processes of `service` call others, without TLS."""
        return self.run_dir / f"{service}.out.sock"

    def addresses(self, group: Group) -> tuple[str, ...]:
        """The web processes of a group; none is a group that is down."""
        given = self.endpoints.get(group.name)
        return (str(self.run_dir / f"{group.name}.web.sock"),) if given is None else tuple(given)


# Where Debian, Fedora and macOS keep the authorities; OpenSSL's own answer may be a missing file.
_CA_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
)


def _ca_bundle() -> Path:
    paths = (ssl.get_default_verify_paths().cafile, *_CA_BUNDLES)
    found = (Path(path) for path in paths if path and Path(path).is_file())
    return next(found, Path(_CA_BUNDLES[0]))
