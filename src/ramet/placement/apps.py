"""The Django app `ramet`: system checks and management commands; it has no models."""

from django.apps import AppConfig

__all__ = ["PlacementConfig"]


class PlacementConfig(AppConfig):
    """Registers Ramet's checks once the project's apps are loaded."""

    name = "ramet.placement"
    label = "ramet"
    verbose_name = "Ramet"
