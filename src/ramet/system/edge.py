"""What a valid `ramet.toml` says about traffic from outside."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from ramet.system.faults import Fault
from ramet.system.units import Rate

__all__ = ["Canary", "Cors", "Gateway", "Switches", "is_loopback"]

# Addresses that a server binds but that a browser does not like to be sent to.
_LOCAL_HOSTS = frozenset({"127.0.0.1", "0.0.0.0", "::1", "::"})  # noqa: S104 - compared, not bound
_STANDARD_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Cors:
    """Pages of other origins that may use the API. `max_age` in seconds."""

    origins: tuple[str, ...]
    methods: tuple[str, ...] = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
    headers: tuple[str, ...] = ("authorization", "content-type", "idempotency-key")
    expose: tuple[str, ...] = ()
    credentials: bool = False
    max_age: int = 600


@dataclass(frozen=True, slots=True)
class Canary:
    """Another version of a service: its address, and the percentage of requests that it gets."""

    address: str
    weight: int
    sticky: bool = False


@dataclass(frozen=True, slots=True)
class Gateway:
    """Where the gateway listens, and whose tokens it takes.

    `issuer` names a service, or is the URL of a foreign one. `audience` is what tokens must be for
    where that is not the system's name. `token_types` are values of the header's `typ`.
    `certificate` and `key` are absolute, and there exactly when `tls` is "files".
    `given_url` and `redirect_from` are the keys as they were written.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    issuer: str | None = None
    audience: str | None = None
    token_types: tuple[str, ...] = ("at+jwt",)
    token_algorithm: str = "RS256"  # noqa: S105 - the name of an algorithm
    tls: Literal["off", "local", "files", "balancer"] = "off"
    certificate: Path | None = None
    key: Path | None = None
    given_url: str | None = None
    redirect_from: tuple[str, int] | None = None
    rate_by_address: Rate | None = None
    rate_by_user: Rate | None = None
    cors: Cors | None = None

    @property
    def speaks_tls(self) -> bool:
        """Whether the gateway itself does, rather than nobody or a balancer."""
        return self.tls in ("local", "files")

    @property
    def public_url(self) -> str:
        """The gateway as a browser sees it, without a trailing slash."""
        if self.given_url:
            return self.given_url
        scheme = "https" if self.speaks_tls else "http"
        host = "localhost" if self.host in _LOCAL_HOSTS else self.host
        host = f"[{host}]" if ":" in host else host
        return f"{scheme}://{host}" + (
            "" if self.port == _STANDARD_PORTS[scheme] else f":{self.port}"
        )

    @property
    def public_host(self) -> str:
        """The host of the public URL, without brackets."""
        return urlsplit(self.public_url).hostname or ""


@dataclass(frozen=True, slots=True)
class Switches:
    """What an operator has switched while the system runs; lost when it ends.

    `maintenance` names services that are answered for; `weights` are percentages that replace the
    canary's of ramet.toml. `faults` has at most one for each service and operation.
    """

    maintenance: frozenset[str] = frozenset()
    weights: tuple[tuple[str, int], ...] = ()
    faults: tuple[Fault, ...] = ()

    def weight(self, service: str, declared: int) -> int:
        """The canary's weight of a service."""
        return dict(self.weights).get(service, declared)


def is_loopback(host: str) -> bool:
    """Whether an address, or a name, reaches this machine only."""
    return host in ("localhost", "::1") or host.endswith(".localhost") or host.startswith("127.")
