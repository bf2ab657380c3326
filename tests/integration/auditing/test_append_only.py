"""PostgreSQL refuses to change the log, whoever asks in whatever way."""

import psycopg
import pytest
from django.db import ProgrammingError, connection, transaction

import ramet
from ramet.auditing.chain import seal
from ramet.auditing.models import Entry

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
        "UPDATE ramet_audit_seal SET digest = 'other'",
        "UPDATE ramet_audit_seal SET digest = 'other', pruned_at = now()",
        "DELETE FROM ramet_audit_seal",
        "TRUNCATE ramet_audit_seal CASCADE",
    ],
)
def test_neither_entries_nor_seals_can_be_changed(statement: str) -> None:
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


def test_another_client_is_refused_too(database: str) -> None:
    write(1)
    with (
        psycopg.connect(database) as other,
        pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"),
    ):
        other.execute("DELETE FROM ramet_audit_entry")
