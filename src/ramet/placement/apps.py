"""The Django app `ramet`: system checks and management commands; it has no models."""

from django.apps import AppConfig
from django.core.checks import register

__all__ = ["PlacementConfig"]


class PlacementConfig(AppConfig):
    """Registers Ramet's checks once the project's apps are loaded."""

    name = "ramet.placement"
    label = "ramet"
    verbose_name = "Ramet"

    def ready(self) -> None:
        """Register the checks, unless the settings were never placed: a bare test project."""
        from django.conf import settings

        from ramet.placement.checks import (
            check_imports,
            check_relations,
            check_remote_keys,
            check_settings,
        )
        from ramet.placement.whereabouts import Here

        if isinstance(getattr(settings, "RAMET", None), Here):
            register(check_relations, "ramet")
            register(check_imports, "ramet")
            register(check_remote_keys, "ramet")
            register(check_settings, "ramet")
