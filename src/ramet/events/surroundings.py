"""Where this process stands in the system, as far as events must know.

Without `ramet.place` in the settings, events work alone in a plain Django project: one service of
the project's name, no broker, everything in one database.
"""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass

from django.conf import settings

from ramet.placement import Here, here

ALONE = "django"
"""The name of system and service in a project without ramet.toml."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Read anew at each use: a forked process has another instance name than its parent."""

    place: Here | None

    @property
    def system(self) -> str:
        return self.place.system.name if self.place else ALONE

    @property
    def broker_url(self) -> str | None:
        """May hold a password: never log it."""
        return self.place.environment.broker_url if self.place else None

    @property
    def instance(self) -> str:
        """Who holds a lease."""
        if self.place:
            return self.place.environment.instance
        return os.environ.get("RAMET_INSTANCE") or f"{socket.gethostname()}-{os.getpid()}"

    def service_of(self, module: str) -> str | None:
        """The service that owns a module; None when none does."""
        if self.place is None:
            return ALONE
        service = self.place.system.service_of_module(module)
        return service.name if service else None

    def is_here(self, service: str | None) -> bool:
        """Whether the service lives in this process; what no service owns lives everywhere."""
        return self.place is None or service is None or self.place.has(service)

    @property
    def is_whole(self) -> bool:
        """Whether every Django service of the system lives here: nobody else needs an event."""
        if self.place is None:
            return True
        services = self.place.system.services.values()
        return all(self.place.has(each.name) for each in services if each.is_django)

    def owns_app(self, app: str) -> bool:
        """Whether the app belongs to a service of the system; alone, whether it is not Django's."""
        if self.place is None:
            return not app.startswith(("django.", "ramet."))
        return self.place.system.service_of_app(app) is not None


def surroundings() -> Surroundings:
    """Those of this process."""
    return Surroundings(here() if hasattr(settings, "RAMET") else None)
