"""The Django app of replicas: finds and subscribes the declared ones, has workers build them."""

from django.apps import AppConfig


class ReplicasConfig(AppConfig):
    name = "ramet.replicas"
    label = "ramet_replicas"
    verbose_name = "Ramet replicas"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Subscribe each sound replica; what is wrong with another, checks and workers tell."""
        from ramet.events.worker import register_loop
        from ramet.replicas import checks, manifest  # noqa: F401  they register
        from ramet.replicas.declaration import feeds
        from ramet.replicas.feeding import subscribe_to_events
        from ramet.replicas.loop import loops

        found, _ = feeds()
        for feed in found:
            subscribe_to_events(feed)
        register_loop(loops)
