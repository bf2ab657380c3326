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
        from django.db.models.signals import post_migrate

        from ramet.auditing import sealing, sources
        from ramet.auditing.options import options
        from ramet.events.worker import register_loop

        if options().changes:  # a wrong option is told at the start
            connection_created.connect(_watch, dispatch_uid="ramet.auditing")
            for each in connections.all(initialized_only=True):
                _watch(each)
        post_migrate.connect(_make_without_migrations, sender=self)
        sources.connect()
        if hasattr(settings, "RAMET"):  # else nothing tells which database is whose
            register_loop(sealing.loops)


def _watch(connection: Any, **_: Any) -> None:
    from ramet.auditing.changes import watch

    if watch not in connection.execute_wrappers:
        connection.execute_wrappers.append(watch)


def _make_without_migrations(using: str, **_: Any) -> None:
    """Tests may be told to run none: Django then makes the tables of managed models alone."""
    from django.db import connections, router

    from ramet.auditing import tables
    from ramet.auditing.models import Entry, Seal

    modules = settings.MIGRATION_MODULES
    has_migrations = "ramet_audit" not in modules or modules["ramet_audit"] is not None
    if has_migrations or not router.allow_migrate_model(using, Entry):
        return
    connection = connections[using]
    if Entry._meta.db_table in connection.introspection.table_names():
        return
    with connection.schema_editor() as editor:
        for model in (Seal, Entry):
            editor.create_model(model)
        for statement in tables.statements(connection.vendor):
            editor.execute(statement)
