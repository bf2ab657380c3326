"""The Django app of sagas: finds the sagas of the placed services, and has workers run them."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class SagasConfig(AppConfig):
    name = "ramet.sagas"
    label = "ramet_sagas"
    verbose_name = "Ramet sagas"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Import `<app>.sagas` of every app; `place` has left only those that live here."""
        from ramet.events.worker import register_loop
        from ramet.sagas import counting, manifest, metrics  # noqa: F401  they register
        from ramet.sagas.loop import loops
        from ramet.telemetry.logs import hand_to_logging

        hand_to_logging()  # here, because sagas are in every process and know of telemetry
        autodiscover_modules("sagas")
        register_loop(loops)
