"""What one `ramet up` is to run."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from ramet.errors import DiagnosticError, Mistake
from ramet.system import Group, Service, System
from ramet.tools.local import dashboard
from ramet.tools.local.envoy import Gateway


@dataclass(slots=True)
class Plan:
    """What to run. `placement` is the text it was written as; `began` a `time.time()`."""

    system: System
    groups: tuple[Group, ...]
    placement: str
    gateway: Gateway
    began: float = field(default_factory=time.time)

    @property
    def django_groups(self) -> list[Group]:
        """Groups that run Django."""
        return [group for group in self.groups if self.system.services[group.services[0]].is_django]

    @property
    def services(self) -> list[Service]:
        """Every service that runs, group by group."""
        names = [name for group in self.groups for name in group.services]
        return [self.system.services[name] for name in names]

    @property
    def mesh_members(self) -> list[str]:
        """Everybody in the mesh who has a certificate."""
        return ["gateway", *(service.name for service in self.services)]

    @property
    def members_of_groups(self) -> dict[str, list[str]]:
        """The services of each group."""
        return {group.name: list(group.services) for group in self.groups}

    @property
    def dashboard_port(self) -> int:
        """Beside the gateway's."""
        return dashboard.port_of(self.system)

    def service(self, name: str) -> Service:
        """The service that runs under this name. DiagnosticError if there is none."""
        for service in self.services:
            if service.name == name:
                return service
        raise self.unknown(name)

    def unknown(self, name: str) -> DiagnosticError:
        """What to say of a name that nothing here has."""
        known = [service.name for service in self.services]
        return DiagnosticError(
            Mistake(
                reference="unknown-service",
                where=f"`{name}`",
                found="a service that does not run",
                expected=f"one of {', '.join(known)}",
                remedy="see `ramet status`",
            )
        )
