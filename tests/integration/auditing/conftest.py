"""A real PostgreSQL database with the audit log, empty at the beginning of each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.management import call_command
from django.db import connection
from pytest_django.plugin import DjangoDbBlocker

from tests.conftest import Databases
from tests.integration.events.conftest import default_database


@pytest.fixture(scope="module")
def url(postgres: Databases, django_db_blocker: DjangoDbBlocker) -> str:
    made = postgres.create_database("audit")
    with django_db_blocker.unblock(), default_database(made):
        call_command("migrate", verbosity=0)
    return made


@pytest.fixture
def database(url: str, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    with django_db_blocker.unblock(), default_database(url):
        without_triggers("DELETE FROM ramet_audit_entry", "DELETE FROM ramet_audit_seal")
        yield url


def without_triggers(*statements: str) -> None:
    """What the owner of the tables can do who wants to cover something up."""
    tables = ("ramet_audit_entry", "ramet_audit_seal")
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for statement in statements:
            cursor.execute(statement)
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
