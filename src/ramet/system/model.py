"""What a valid `ramet.toml` declares, as frozen dataclasses that every layer above shares."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from ramet.errors import DiagnosticError, Mistake
from ramet.system.edge import Canary, Gateway
from ramet.system.secrets import resolved
from ramet.system.units import Rate

__all__ = ["Infrastructure", "Service", "System", "Telemetry"]


@dataclass(frozen=True, slots=True)
class Service:
    """A named set of Django apps, or any other program that speaks HTTP (then `apps` is empty).

    `apps` are dotted module names, third-party ones among them. `routes` are path prefixes that
    start and end with a slash. `contract` is a path relative to the folder of `ramet.toml`. `calls`
    are the services that a program calls whose code nobody reads.
    Of the rest, which is about traffic from outside, sizes are bytes and times seconds; None is
    the gateway's own.
    """

    name: str
    apps: tuple[str, ...] = ()
    routes: tuple[str, ...] = ()
    owner: str | None = None
    command: tuple[str, ...] = ()
    contract: str | None = None
    calls: tuple[str, ...] = ()
    streams: tuple[str, ...] = ()
    largest_body: int | None = None
    receive_within: int | None = None
    answer_within: int | None = None
    rate_by_address: Rate | None = None
    rate_by_user: Rate | None = None
    canary: Canary | None = None

    @property
    def is_django(self) -> bool:
        """Whether this service consists of Django apps, which can share a process with others."""
        return bool(self.apps)


@dataclass(frozen=True, slots=True)
class Infrastructure:
    """The engines: a word such as `embedded`, a URL, `$NAME` of an environment variable, or
    `file:/path` of a file that has the URL."""

    postgres: str = "embedded"
    broker: str = "embedded"
    telemetry: str = "dashboard"
    discovery: str = "local"
    rates: str = "embedded"

    def resolved(self, environ: Mapping[str, str]) -> "Infrastructure":
        """The same with every `$NAME` and `file:/path` replaced by what it points to.

        Raises DiagnosticError with a mistake for each that cannot be.
        """
        values: dict[str, str] = {}
        mistakes: list[Mistake] = []
        for each in fields(self):
            declared: str = getattr(self, each.name)
            try:
                where = f"[infrastructure] {each.name}"
                values[each.name] = resolved(declared, environ, where, is_public=True)
            except DiagnosticError as error:
                mistakes += error.mistakes
        if mistakes:
            raise DiagnosticError(*mistakes)
        return Infrastructure(**values)


@dataclass(frozen=True, slots=True)
class Telemetry:
    """`sample` is the share of new traces that is kept, from 0 to 1. Work that fails, or takes as
    long as `slow`, in seconds, is kept whatever that says. `scrape` is the host and port where
    Prometheus reads metrics; None: nowhere."""

    sample: float = 1.0
    slow: float = 1.0
    scrape: tuple[str, int] | None = None


@dataclass(frozen=True, slots=True)
class System:
    """Everything that one `ramet.toml` declares; `services` keeps the order of the file.

    `candidates` are labels of models by the service that is to have them one day, for `assess`.
    """

    name: str
    settings: str
    services: dict[str, Service]
    gateway: Gateway
    infrastructure: Infrastructure
    path: Path
    telemetry: Telemetry = Telemetry()
    candidates: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

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

    @property
    def has_shared_rates(self) -> bool:
        """Whether several gateways count requests together, rather than each in its memory."""
        return self.infrastructure.rates != "embedded"

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
