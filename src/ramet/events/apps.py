"""Ramet's events as a Django app: finds declarations and handlers, joins checks and manifest."""

from importlib import import_module

from django.apps import AppConfig, apps
from django.utils.module_loading import module_has_submodule


class EventsConfig(AppConfig):
    name = "ramet.events"
    label = "ramet_events"
    verbose_name = "Events"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from ramet.events import (  # noqa: F401  they register
            checks,
            health,
            loops,
            manifest,
            metrics,
            runserver,
        )
        from ramet.telemetry.health import add

        add("events", health.checks)
        import_declarations()
        runserver.start_if_serving()


def import_declarations() -> None:
    """Import `events` and `handlers` of every app that belongs to a service of this process."""
    from ramet.events.surroundings import surroundings

    place = surroundings()
    for config in apps.get_app_configs():
        if place.owns_app(config.name) and config.module is not None:
            for name in ("events", "handlers"):
                if module_has_submodule(config.module, name):
                    import_module(f"{config.name}.{name}")
