"""The RAMET_* variables of a process: how it learns its place, and the only home of these names.

`ramet up` and every deployment write them; nothing else of Ramet reads the environment.
"""

import os
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit

from ramet.errors import DiagnosticError, Mistake
from ramet.system import System
from ramet.system.secrets import resolved

__all__ = ["Environment", "toml_path"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """What the variables say, completed from `ramet.toml` where a variable is not set.

    Values that hold a password or a key are left out of `repr`, which Django's debug page shows.
    `jwks_url` is None where a foreign issuer's discovery document is to be asked for it.
    """

    services: frozenset[str]
    public_url: str
    issuer: str
    jwks_url: str | None
    signing_keys: Path | None = None
    signing_keys_passphrase: str | None = field(default=None, repr=False)
    database_url: str | None = field(default=None, repr=False)
    broker_url: str | None = field(default=None, repr=False)
    mesh_template: str | None = None
    secret_key: str | None = field(default=None, repr=False)
    mail_dir: Path | None = None
    celery_broker_url: str | None = field(default=None, repr=False)
    celery_folder: Path | None = None
    demo_password: str | None = field(default=None, repr=False)
    metrics_folder: Path | None = None
    telemetry_url: str | None = None

    @property
    def is_in_mesh(self) -> bool:
        """Whether Ramet's own mesh stands before this process, and so says truly who calls."""
        return self.mesh_template is not None and _CALLER in self.mesh_template

    def mesh_url(self, service: str, caller: str | None) -> str | None:
        """Where `caller`, a service that lives here, calls another: `unix:/path` or `http://host`.

        None when this process was given no mesh: it can then call only what lives in it.
        DiagnosticError where nobody knows who calls, and the mesh must.
        """
        if self.mesh_template is None:
            return None
        if caller is None and self.is_in_mesh:
            raise DiagnosticError(
                Mistake(
                    "caller-unknown",
                    where=f"a call of {service}",
                    found=f"code of no service, in a process of {', '.join(sorted(self.services))}",
                    expected="a call from a module of the service that makes it",
                    remedy="Make the call in that service's app: the mesh knows a caller by it.",
                )
            )
        return self.mesh_template.replace("{service}", service).replace(_CALLER, caller or "")

    @property
    def instance(self) -> str:
        """The name of this process, which holds leases: RAMET_INSTANCE, else host name and pid.

        Read at each use, because a forked process has the environment object of its parent.
        """
        return os.environ.get("RAMET_INSTANCE") or f"{socket.gethostname()}-{os.getpid()}"

    @property
    def probes(self) -> str | None:
        """Where this process answers how it is, besides its own address: RAMET_PROBES.

        Read at each use, because a forked process has the environment object of its parent.
        """
        return os.environ.get("RAMET_PROBES") or None

    @classmethod
    def read(cls, environ: Mapping[str, str], system: System) -> "Environment":
        """The environment of a process of a system; DiagnosticError with every wrong value."""
        environ, unresolved = _with_secrets(environ)
        mistakes = [*unresolved, *_mistakes(environ, system)]
        if mistakes:
            raise DiagnosticError(*mistakes)
        services = frozenset(_names(environ)) or _django_services(system)
        mesh_template = environ.get("RAMET_MESH_URL") or None
        public_url = (environ.get("RAMET_PUBLIC_URL") or system.gateway.public_url).rstrip("/")
        return cls(
            services=services,
            public_url=public_url,
            issuer=environ.get("RAMET_ISSUER") or _issuer(system, public_url),
            jwks_url=environ.get("RAMET_JWKS_URL")
            or _jwks_url(system, public_url, mesh_template, services),
            signing_keys=_path(environ, "RAMET_SIGNING_KEYS") or _own_keys(system, services),
            signing_keys_passphrase=environ.get("RAMET_SIGNING_KEYS_PASSPHRASE") or None,
            database_url=environ.get("RAMET_DATABASE_URL") or None,
            broker_url=environ.get("RAMET_BROKER_URL") or None,
            mesh_template=mesh_template,
            secret_key=environ.get("RAMET_SECRET_KEY") or None,
            mail_dir=_path(environ, "RAMET_MAIL_DIR"),
            celery_broker_url=environ.get("RAMET_CELERY_BROKER_URL") or None,
            celery_folder=_path(environ, "RAMET_CELERY_FOLDER"),
            demo_password=environ.get("RAMET_DEMO_PASSWORD") or None,
            metrics_folder=_path(environ, "RAMET_METRICS_FOLDER"),
            telemetry_url=environ.get("RAMET_TELEMETRY_URL") or None,
        )


_SECRETS = (
    "RAMET_SECRET_KEY",
    "RAMET_DATABASE_URL",
    "RAMET_BROKER_URL",
    "RAMET_CELERY_BROKER_URL",
    "RAMET_DEMO_PASSWORD",
    "RAMET_SIGNING_KEYS_PASSPHRASE",
)
"""Those that may say where the value is: `file:/path`, or `$NAME` of another variable."""


def _with_secrets(environ: Mapping[str, str]) -> tuple[dict[str, str], list[Mistake]]:
    """The variables with what the secret ones point to, and what could not be read."""
    values, mistakes = dict(environ), list[Mistake]()
    for name in _SECRETS:
        try:
            values[name] = resolved(environ.get(name, ""), environ, name)
        except DiagnosticError as error:
            mistakes += error.mistakes
            values[name] = ""
    return values, mistakes


def toml_path(environ: Mapping[str, str]) -> Path | None:
    """RAMET_TOML, when it is set."""
    return _path(environ, "RAMET_TOML")


def _path(environ: Mapping[str, str], name: str) -> Path | None:
    return Path(environ[name]).absolute() if environ.get(name) else None


def _names(environ: Mapping[str, str]) -> list[str]:
    names = (name.strip() for name in environ.get("RAMET_SERVICES", "").split(","))
    return [name for name in names if name]


def _django_services(system: System) -> frozenset[str]:
    return frozenset(name for name, service in system.services.items() if service.is_django)


def _issuer(system: System, public_url: str) -> str:
    declared = system.gateway.issuer
    return declared if declared is not None and "://" in declared else f"{public_url}/o"


def _jwks_url(
    system: System, public_url: str, mesh_template: str | None, services: frozenset[str]
) -> str | None:
    declared = system.gateway.issuer
    if system.has_foreign_issuer:
        return None
    path = "/o/.well-known/jwks.json"
    if declared is None or mesh_template is None:
        return public_url + path
    # Each of several services that share a process may fetch them, so the first one does.
    address = mesh_template.replace("{service}", declared).replace(_CALLER, min(services))
    address = address.rstrip("/")
    if address.startswith("unix:"):
        return f"http+unix://{declared}@{quote(address.removeprefix('unix:'), safe='')}{path}"
    return address + path


def _own_keys(system: System, services: frozenset[str]) -> Path | None:
    if system.gateway.issuer not in services:
        return None
    return system.root / ".ramet" / "secrets" / "signing-keys.pem"


_CALLER = "{caller}"
_URLS = {
    "RAMET_DATABASE_URL": r"postgres(ql)?://[^\s]+|sqlite:///[^\s]+",
    "RAMET_BROKER_URL": r"[a-z]+://[^\s]+",
    "RAMET_MESH_URL": r"unix:/\S*\{(caller|service)\}\S*|https?://\S*\{service\}\S*",
    "RAMET_ISSUER": r"https?://[^\s]+",
    "RAMET_JWKS_URL": r"(https?|http\+unix)://[^\s]+",
    "RAMET_PUBLIC_URL": r"https?://[^\s/]+/?",
    "RAMET_CELERY_BROKER_URL": r"[a-z+]+://\S*",
    "RAMET_PROBES": r"unix:/\S+|(\[[0-9a-fA-F:]+\]|[\w.-]*):\d{1,5}",
    "RAMET_TELEMETRY_URL": r"https?://[^\s?#]+",
}
_EXAMPLES = {
    "RAMET_DATABASE_URL": "postgresql://user:password@host:5432/name or sqlite:///path",
    "RAMET_BROKER_URL": "nats://user:password@host:4222",
    "RAMET_MESH_URL": "unix:/run/x/{caller}.out.sock or http://{service}:8080",
    "RAMET_ISSUER": "https://shop.example/o",
    "RAMET_JWKS_URL": "https://shop.example/o/.well-known/jwks.json",
    "RAMET_PUBLIC_URL": "https://shop.example",
    "RAMET_CELERY_BROKER_URL": "redis://host:6379/0",
    "RAMET_PROBES": "0.0.0.0:9464 or unix:/run/x/worker.sock",
    "RAMET_TELEMETRY_URL": "http://collector:4318",
}


def _mistakes(environ: Mapping[str, str], system: System) -> list[Mistake]:
    known = sorted(_django_services(system))
    mistakes = [
        Mistake(
            "unknown-service",
            where="RAMET_SERVICES",
            found=f'"{name}"',
            expected=f"Django services of {system.path.name}: {', '.join(known)}",
            remedy="Correct RAMET_SERVICES, or unset it for all services in one process.",
        )
        for name in _names(environ)
        if name not in known
    ]
    for name, pattern in _URLS.items():
        value = environ.get(name)
        if value and not (re.fullmatch(pattern, value) and _has_valid_port(value)):
            mistakes.append(
                Mistake(
                    "invalid-environment",
                    where=name,
                    # Such a value may hold a password: say what it begins with, no more.
                    found=f"a value that begins with {value.partition(':')[0][:20]!r}",
                    expected=f"a URL such as {_EXAMPLES[name]}",
                    remedy=f"Correct {name}, or unset it.",
                )
            )
    return mistakes


def _has_valid_port(url: str) -> bool:
    # A cluster is named by several hosts: kafka://one:9092,two:9092.
    scheme, _, rest = url.partition("://")
    hosts = re.split(r"[/?#]", rest, maxsplit=1)[0].rpartition("@")[2].split(",")
    try:
        return all(urlsplit(f"{scheme}://{host}").port != 0 for host in hosts)
    except ValueError:
        return False
