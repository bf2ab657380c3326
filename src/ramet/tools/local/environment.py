"""What each group's processes are told about their place (the table is in `ramet.placement`)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ramet.system import Group, System
from ramet.tools.local.files import secret
from ramet.tools.local.folder import Folder


@dataclass(frozen=True, slots=True)
class Environments:
    """Builds environments; both URLs are by the name of the group, because each has a user of its
    own. `brokers` is empty when all events stay in one database. `telemetry` is the base URL of an
    OTLP collector; None: nothing is exported."""

    system: System
    folder: Folder
    databases: dict[str, str]
    brokers: dict[str, str]
    telemetry: str | None = None

    def of_group(self, group: Group) -> dict[str, str]:
        """What all processes of a group share."""
        run = self.folder.run
        environment = {
            "DJANGO_SETTINGS_MODULE": self.system.settings,
            "RAMET_TOML": str(self.system.path),
            "RAMET_SERVICES": ",".join(group.services),
            "RAMET_DATABASE_URL": self.databases[group.name],
            "RAMET_MESH_URL": mesh_url(run),
            "RAMET_PUBLIC_URL": self.system.gateway.public_url,
            "RAMET_SECRET_KEY": secret(self.folder.secrets / f"{group.name}.secret-key", 48),
            "RAMET_DEMO_PASSWORD": demo_password(self.folder),
            "RAMET_MAIL_DIR": str(self.folder.mail),
            "RAMET_CELERY_BROKER_URL": "filesystem://",
            "RAMET_CELERY_FOLDER": str(self._celery_folder(group)),
            "RAMET_METRICS_FOLDER": str(metrics_folder(run, group.name)),
        }
        if group.name in self.brokers:
            environment["RAMET_BROKER_URL"] = self.brokers[group.name]
        if self.telemetry is not None:
            environment["RAMET_TELEMETRY_URL"] = self.telemetry
        return environment

    def _celery_folder(self, group: Group) -> Path:
        folder = self.folder.celery / group.name
        # kombu would make `control`, which lists the queues, for everybody to read.
        for made in (folder, folder / "control"):
            made.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder


def mesh_url(run: Path) -> str:
    """Where processes call other services: each service has a socket for that of its own."""
    return f"unix:{run}/{{caller}}.out.sock"


def demo_password(folder: Folder) -> str:
    """What the demo users sign in with; made once per checkout."""
    return secret(folder.secrets / "demo-password", 9)


def dashboard_link(url: str, folder: Folder) -> str:
    """What lets a person into the dashboard at `url`; its token is made once per checkout."""
    return f"{url}/?token={secret(folder.dashboard_token)}"


def instance(group: Group, role: str, number: int = 1) -> str:
    """A process's name: `orders-web`, and `orders-web-2` for the second one."""
    return f"{group.name}-{role}" + (f"-{number}" if number > 1 else "")


def metrics_folder(run: Path, group: str) -> Path:
    """Where the processes of a group share what they count."""
    return run / f"{group}.metrics"


def probe_socket(run: Path, name: str) -> Path:
    """Where a process that serves no requests answers how it is; `name` is its instance's."""
    return run / f"{name}.probe.sock"


def web_socket(run: Path, group: str, number: int = 1) -> Path:
    """The socket that the `number`th web process of a group serves on."""
    suffix = f"-{number}" if number > 1 else ""
    return run / f"{group}.web{suffix}.sock"
