"""The Django app: makes this process trace, and its middleware and models tell what they do."""

from __future__ import annotations

from django.apps import AppConfig

__all__ = ["TelemetryConfig"]


class TelemetryConfig(AppConfig):
    """Sets up traces where they are exported, or where the project has an OpenTelemetry SDK."""

    name = "ramet.telemetry"
    label = "ramet_telemetry"
    verbose_name = "Ramet: telemetry"

    def ready(self) -> None:
        """Runs before the project's own apps are asked for anything."""
        from ramet.telemetry.starting import start

        start()
