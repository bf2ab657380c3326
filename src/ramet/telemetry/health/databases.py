"""The databases that a process cannot do without: that they answer, and are migrated."""

from __future__ import annotations

import importlib.util
import pkgutil
from collections.abc import Callable, Iterable, Iterator

import structlog
from django.apps import AppConfig, apps
from django.core.exceptions import ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS, connections, router
from django.db import Error as DatabaseError
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Model
from django.utils.connection import ConnectionDoesNotExist

from ramet.telemetry.health.checking import Check, Outcome, failed, passed

__all__ = ["checks"]

log = structlog.get_logger("ramet.telemetry")


def checks() -> list[Check]:
    """For each database that is needed."""
    return [check for alias in needed() for check in _of(alias)]


def needed() -> list[str]:
    """Django's default, and where Ramet's tables are.

    Others, such as a reporting database, are the project's to do without: were this process
    unready with them, all of it would be away when one of them is.
    """
    ours = (model for app in apps.get_app_configs() for model in _models_of_ramet(app))
    return sorted({DEFAULT_DB_ALIAS, *map(router.db_for_write, ours)})


def _of(alias: str) -> Iterator[Check]:
    yield Check(f"database:{alias}", _closing(alias, lambda: _answers(alias)))
    yield Check(f"migrations:{alias}", _closing(alias, _Migrated(alias).look))


def _closing(alias: str, ask: Callable[[], Outcome]) -> Callable[[], Outcome]:
    """Around what a check's thread asks a database: its connection is kept by nobody."""

    def asking() -> Outcome:
        try:
            return ask()
        except (DatabaseError, ImproperlyConfigured, ConnectionDoesNotExist) as error:
            log.warning("health.database_fails", database=alias, exc_info=error)
            # What a database says may tell a host or a user: that is for the log only.
            return failed("does not answer" if isinstance(error, DatabaseError) else str(error))
        finally:
            connections.close_all()  # of this thread, which is the check's own

    return asking


def _answers(alias: str) -> Outcome:
    if connections[alias].vendor == "unknown":  # the dummy backend: no database configured
        return passed()
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT 1")
    return passed()


class _Migrated:
    """Whether the code's migrations are applied. Once they are, nobody asks again: the code of a
    process does not change."""

    def __init__(self, alias: str) -> None:
        self._alias = alias
        self._is_migrated = False

    def look(self) -> Outcome:
        connection = connections[self._alias]
        if self._is_migrated or connection.vendor == "unknown":
            return passed()
        missing = set(_in_code()) - set(MigrationRecorder(connection).applied_migrations())
        if missing:
            first = ", ".join(sorted(f"{app}.{name}" for app, name in missing)[:3])
            return failed(
                f"{len(missing)} not applied: {first}{', ...' if len(missing) > 3 else ''}"
            )
        self._is_migrated = True
        return passed()


def _in_code() -> Iterator[tuple[str, str]]:
    """App and name of each migration, by the names of files: to load them all takes a second."""
    for app in apps.get_app_configs():
        module, _ = MigrationLoader.migrations_module(app.label)
        for folder in _folders(module):
            for _, name, is_package in pkgutil.iter_modules([folder]):
                if not is_package and name[0] not in "_~":
                    yield app.label, name


def _folders(module: str | None) -> Iterable[str]:
    try:
        spec = importlib.util.find_spec(module) if module else None
    except ModuleNotFoundError:
        return ()
    return (spec.submodule_search_locations or ()) if spec else ()


def _models_of_ramet(app: AppConfig) -> Iterable[type[Model]]:
    return app.get_models() if app.name.partition(".")[0] == "ramet" else ()
