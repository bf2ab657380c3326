"""SQLite refuses to change the log; PostgreSQL is asked in tests/integration/auditing."""

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.db.models.functions import Now

import ramet
from ramet.auditing.chain import seal
from ramet.auditing.models import Entry, Seal
from tests.unit.auditing.conftest import Log


@pytest.fixture
def entry(log: Log) -> Entry:
    with transaction.atomic():
        ramet.audit("paid", subject=1)
    return Entry.objects.get()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ramet_audit_entry SET action = 'other'",
        "UPDATE ramet_audit_entry SET seal = NULL",
        "DELETE FROM ramet_audit_entry",
        "UPDATE ramet_audit_seal SET digest = 'other'",
        "UPDATE ramet_audit_seal SET digest = 'other', pruned_at = 'now'",
        "DELETE FROM ramet_audit_seal",
    ],
)
@pytest.mark.parametrize("is_sealed", [False, True])
def test_no_entry_and_no_seal_can_be_changed(entry: Entry, statement: str, is_sealed: bool) -> None:
    if is_sealed:
        seal()
    elif "ramet_audit_seal" in statement:
        return
    with (
        pytest.raises(IntegrityError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert Entry.objects.get().action == "paid"


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("at", "'2020-01-02 10:00:00'"),
        ("at", "datetime('now', '+2 seconds')"),
        ("at", "'yesterday'"),
        ("seal", "1"),
    ],
)
def test_no_entry_can_be_put_into_another_time_or_into_a_seal(
    log: Log, column: str, value: str
) -> None:
    with (
        pytest.raises(IntegrityError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            f"INSERT INTO ramet_audit_entry (service, action, {column}) VALUES ('', 'a', {value})"
        )
    assert log() == []


def test_only_what_was_pruned_can_be_deleted(entry: Entry) -> None:
    made = seal()
    assert made is not None
    Seal.objects.filter(pk=made.pk).update(pruned_at=Now())
    assert Entry.objects.filter(seal=made.pk).delete()[0] == 1


def test_the_migration_makes_what_the_models_say(db: None) -> None:
    call_command("makemigrations", "ramet_audit", check=True, dry_run=True, verbosity=0)
    with connection.cursor() as cursor:
        for model in (Entry, Seal):
            columns = connection.introspection.get_table_description(cursor, model._meta.db_table)
            assert {each.name for each in columns} == {each.column for each in model._meta.fields}


@pytest.mark.django_db(transaction=True)
def test_emptying_the_database_for_the_next_test_leaves_the_log_alone() -> None:
    with transaction.atomic():
        ramet.audit("before-the-flush")
    call_command("flush", interactive=False, verbosity=0)
    assert Entry.objects.filter(action="before-the-flush").exists()
