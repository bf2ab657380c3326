"""What a valid `ramet.toml` declares, as frozen dataclasses that every layer above shares."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from ramet.errors import DiagnosticError, Mistake

__all__ = ["Gateway", "Infrastructure", "Service", "System"]

# Addresses that a server binds but that a browser does not like to be sent to.
_LOCAL_HOSTS = frozenset({"127.0.0.1", "0.0.0.0", "::1", "::"})  # noqa: S104 - compared, not bound


@dataclass(frozen=True, slots=True)
class Service:
    """A named set of Django apps, or any other program that speaks HTTP (then `apps` is empty).

    `apps` are dotted module names, third-party ones among them. `routes` are path prefixes that
    start and end with a slash. `contract` is a path relative to the folder of `ramet.toml`.
    """

    name: str
    apps: tuple[str, ...] = ()
    routes: tuple[str, ...] = ()
    owner: str | None = None
    command: tuple[str, ...] = ()
    contract: str | None = None

    @property
    def is_django(self) -> bool:
        """Whether this service consists of Django apps, which can share a process with others."""
        return bool(self.apps)


@dataclass(frozen=True, slots=True)
class Gateway:
    """Where the gateway listens, and whose tokens it takes.

    `issuer` names a service, or is the URL of a foreign one. `audience` is what tokens must be for
    where that is not the system's name. `token_types` are values of the header's `typ`.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    issuer: str | None = None
    audience: str | None = None
    token_types: tuple[str, ...] = ("at+jwt",)
    token_algorithm: str = "RS256"  # noqa: S105 - the name of an algorithm

    @property
    def public_url(self) -> str:
        """The gateway as a browser on this machine sees it, without a trailing slash."""
        host = "localhost" if self.host in _LOCAL_HOSTS else self.host
        host = f"[{host}]" if ":" in host else host
        return f"http://{host}" if self.port == 80 else f"http://{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Infrastructure:
    """The engines: a word such as `embedded`, a URL, or `$NAME` of an environment variable."""

    postgres: str = "embedded"
    broker: str = "embedded"
    telemetry: str = "dashboard"
    discovery: str = "local"

    def resolved(self, environ: Mapping[str, str]) -> "Infrastructure":
        """The same with every `$NAME` replaced; DiagnosticError names all that are not set."""
        values: dict[str, str] = {}
        mistakes: list[Mistake] = []
        for field in fields(self):
            declared: str = getattr(self, field.name)
            values[field.name] = declared
            if (match := re.fullmatch(r"\$(\w+)", declared)) is None:
                continue
            values[field.name] = environ.get(match[1], "")
            if not values[field.name]:
                mistakes.append(
                    Mistake(
                        "environment-unset",
                        where=f"[infrastructure] {field.name}",
                        found=f'"{declared}", but {match[1]} is not set',
                        expected=f"the environment variable {match[1]}",
                        remedy=f"Set {match[1]}, or declare another value in ramet.toml.",
                    )
                )
        if mistakes:
            raise DiagnosticError(*mistakes)
        return Infrastructure(**values)


@dataclass(frozen=True, slots=True)
class System:
    """Everything that one `ramet.toml` declares; `services` keeps the order of the file."""

    name: str
    settings: str
    services: dict[str, Service]
    gateway: Gateway
    infrastructure: Infrastructure
    path: Path

    @property
    def root(self) -> Path:
        """The absolute folder of `ramet.toml`, where `manage.py` and the packages are."""
        return self.path.parent

    @property
    def audience(self) -> str:
        """Whom access tokens must be meant for: the `aud` of RFC 9068."""
        return self.gateway.audience or self.name

    @property
    def has_foreign_issuer(self) -> bool:
        """Whether tokens are signed by a program that is no service of this system."""
        return self.gateway.issuer is not None and "://" in self.gateway.issuer

    def service_of_app(self, app: str) -> Service | None:
        """The service that declares exactly this app; None when nobody owns it."""
        for service in self.services.values():
            if app in service.apps:
                return service
        return None

    def app_of_module(self, dotted: str) -> str | None:
        """The declared app that a module lies in; the longest prefix wins, None when in none."""
        owned = [
            app
            for service in self.services.values()
            for app in service.apps
            if dotted == app or dotted.startswith(app + ".")
        ]
        return max(owned, key=len, default=None)

    def service_of_module(self, dotted: str) -> Service | None:
        """The service that owns a module or a dotted name in it; None for shared code."""
        app = self.app_of_module(dotted)
        return None if app is None else self.service_of_app(app)

    def is_own_app(self, app: str) -> bool:
        """Whether an app's source lies in this system's folder, unlike an installed package."""
        folder = self.root.joinpath(*app.split("."))
        return folder.is_dir() or folder.with_suffix(".py").is_file()
