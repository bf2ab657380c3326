"""Where this process stands: the one question that every part of the runtime asks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from ramet.errors import DiagnosticError, Mistake
from ramet.placement.environment import Environment
from ramet.system import System

__all__ = ["Here", "here"]


@dataclass(frozen=True, slots=True)
class Here:
    """The place of one process in its system.

    `services` are the names of those that live here, `group` is the name of their `Group`.
    `labels` are the services' names by the labels of their apps, which begin "users.User".
    `place()` puts it into the settings as RAMET; a test may do so with `override_settings`.
    """

    system: System
    services: frozenset[str]
    group: str
    environment: Environment
    labels: Mapping[str, str] = field(default_factory=dict)
    _owners: dict[str, str | None] = field(default_factory=dict, compare=False, repr=False)
    """What `service_of` has found: it is asked at every call and request."""

    def has(self, service: str) -> bool:
        """Whether a service lives in this process."""
        return service in self.services

    def service_of(self, module: str) -> str | None:
        """The name of the service that owns a module, here or elsewhere; None for shared code."""
        if module not in self._owners:
            service = self.system.service_of_module(module)
            self._owners[module] = None if service is None else service.name
        return self._owners[module]

    def service_of_label(self, label: str) -> str | None:
        """The name of the service that owns the app with a label, here or elsewhere."""
        return self.labels.get(label)

    def own_apps(self) -> tuple[str, ...]:
        """Apps of the services here whose source lies in the project, in the order of the file."""
        return tuple(
            app
            for name, service in self.system.services.items()
            if name in self.services
            for app in service.apps
            if self.system.is_own_app(app)
        )


def here() -> Here:
    """The place of this process; DiagnosticError when the settings do not end with `place()`."""
    place = _looked_up().get("RAMET")
    if type(place) is Here:
        return place
    from django.conf import settings

    place = getattr(settings, "RAMET", None)
    if isinstance(place, Here):
        return place
    raise DiagnosticError(
        Mistake(
            "not-placed",
            where=str(settings.SETTINGS_MODULE or "settings"),
            found="settings without a call of ramet.place",
            expected="ramet.place(globals()) as the last line of the settings",
            remedy="End the settings with `import ramet` and `ramet.place(globals())`.",
        )
    )


@cache
def _looked_up() -> Mapping[str, Any]:
    """The settings that were asked for before, where Django itself looks first.

    Always the same dictionary, which Django empties whenever other settings take over: `here` is
    asked several times a call, and through the functions in front it would be felt.
    """
    from django.conf import settings

    return vars(settings)
