"""The Django app of the audit log: watches every connection, and has workers seal what is new."""

from typing import Any

from django.apps import AppConfig
from django.conf import settings


class AuditingConfig(AppConfig):
    name = "ramet.auditing"
    label = "ramet_audit"
    verbose_name = "Audit log"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Runs when the models are loaded; the wrapper is on connections that are made later."""
        from django.db import connections
        from django.db.backends.signals import connection_created

        from ramet.auditing import sealing, sources
        from ramet.auditing.options import options
        from ramet.events.worker import register_loop

        if options().changes:  # a wrong option is told at the start
            connection_created.connect(_watch, dispatch_uid="ramet.auditing")
            for each in connections.all(initialized_only=True):
                _watch(each)
        sources.connect()
        if hasattr(settings, "RAMET"):  # else nothing tells which database is whose
            register_loop(sealing.loops)


def _watch(connection: Any, **_: Any) -> None:
    from ramet.auditing.changes import watch

    if watch not in connection.execute_wrappers:
        connection.execute_wrappers.append(watch)
