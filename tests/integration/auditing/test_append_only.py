"""PostgreSQL refuses to change the log, whoever asks in whatever way."""

import psycopg
import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import ProgrammingError, connection, transaction
from django.test import override_settings

import ramet
from ramet.auditing.chain import seal
from ramet.auditing.models import Entry
from tests.conftest import Databases
from tests.integration.events.conftest import default_database

pytestmark = pytest.mark.usefixtures("database")


def write(*subjects: int) -> None:
    for subject in subjects:
        with transaction.atomic():
            ramet.audit("paid", subject=subject)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ramet_audit_entry SET action = 'other'",
        "UPDATE ramet_audit_entry SET action = 'other', seal = 9 WHERE seal IS NULL",
        "UPDATE ramet_audit_entry SET seal = NULL WHERE seal IS NOT NULL",
        "DELETE FROM ramet_audit_entry",
        "TRUNCATE ramet_audit_entry",
        "INSERT INTO ramet_audit_entry (service, action, at) VALUES ('a', 'b', '2020-01-02Z')",
        "INSERT INTO ramet_audit_entry (service, action, at)"
        " VALUES ('a', 'b', statement_timestamp() - interval '1 us')",
        "INSERT INTO ramet_audit_entry (service, action, seal)"
        " SELECT 'a', 'b', min(id) FROM ramet_audit_seal",
        "UPDATE ramet_audit_seal SET digest = 'other'",
        "UPDATE ramet_audit_seal SET digest = 'other', pruned_at = now()",
        "DELETE FROM ramet_audit_seal",
        "TRUNCATE ramet_audit_seal CASCADE",
    ],
)
def test_neither_entries_nor_seals_can_be_changed_nor_entries_be_put_into_the_past(
    statement: str,
) -> None:
    write(1)
    seal()
    write(2)
    before = list(Entry.objects.order_by("seq").values())
    with (
        pytest.raises(ProgrammingError, match="append-only") as caught,
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert isinstance(caught.value.__cause__, psycopg.errors.InsufficientPrivilege)
    assert list(Entry.objects.order_by("seq").values()) == before


def test_tests_without_migrations_have_the_same_tables(postgres: Databases) -> None:
    url = postgres.create_database("syncdb")
    without = {config.label: None for config in apps.get_app_configs()}
    with default_database(url), override_settings(MIGRATION_MODULES=without):
        call_command("migrate", run_syncdb=True, verbosity=0)
        write(1)
        with pytest.raises(ProgrammingError, match="append-only"):
            Entry.objects.all().delete()
        call_command("migrate", run_syncdb=True, verbosity=0)  # there already


def test_another_client_is_refused_too(database: str) -> None:
    write(1)
    with (
        psycopg.connect(database) as other,
        pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"),
    ):
        other.execute("DELETE FROM ramet_audit_entry")
