"""What the span of a statement says: the statement without its values, and who asked for it."""

from pathlib import Path

import pytest
from django.contrib.auth.models import Group
from django.db import DatabaseError, connection

from ramet.telemetry import tracing
from ramet.telemetry.spans import Shape
from tests.otlp import SpanRow
from tests.unit.conftest import Trace

pytestmark = pytest.mark.django_db

WORK = Shape("work")


def test_a_query_is_a_span_with_its_place_in_the_projects_code(traced: Trace) -> None:
    kept = traced()
    with tracing.work(WORK):
        list(Group.objects.filter(name="alice@shop.example", pk=123456))
    work, query = kept()
    assert (query.name, query.kind, query.parent_id) == ("SELECT auth_group", 3, work.span_id)
    text = query.attributes.pop("db.query.text")
    assert text.startswith('SELECT "auth_group"."id", "auth_group"."name" FROM "auth_group" WHERE')
    assert "alice" not in text
    assert "123456" not in text
    assert query.attributes.pop("db.namespace")
    line = query.attributes.pop("code.line.number")
    here = Path(__file__)
    assert "list(Group.objects" in here.read_text().splitlines()[line - 1]
    query.attributes.pop("db.response.returned_rows", None)  # SQLite does not tell
    assert query.attributes == {
        "db.system.name": connection.vendor,
        "db.operation.name": "SELECT",
        "db.collection.name": "auth_group",
        "code.file.path": "unit/telemetry/test_sql.py",  # below BASE_DIR
    }


def test_a_statement_outside_a_trace_has_no_span(traced: Trace) -> None:
    kept = traced()
    assert not Group.objects.exists()
    assert kept() == []


def test_a_statement_that_fails_is_an_error(traced: Trace) -> None:
    kept = traced(sample=0)

    def select() -> None:
        with tracing.work(WORK), connection.cursor() as cursor:
            cursor.execute("SELECT secret FROM nowhere WHERE name = 'bob' AND age = 42")

    with pytest.raises(DatabaseError):
        select()
    _, statement = kept()
    assert statement.is_error
    assert statement.attributes["db.query.text"] == (
        "SELECT secret FROM nowhere WHERE name = ? AND age = ?"
    )


@pytest.mark.parametrize(
    ("sql", "name", "text"),
    [
        (
            'INSERT INTO "a_b" ("x") VALUES (%s)',
            "INSERT a_b",
            'INSERT INTO "a_b" ("x") VALUES (%s)',
        ),
        ('UPDATE "a" SET "x" = 1', "UPDATE a", 'UPDATE "a" SET "x" = ?'),
        ("DELETE FROM a WHERE b = 'it''s' ", "DELETE a", "DELETE FROM a WHERE b = ? "),
        ('SELECT "T3"."id" FROM "t1" "T3" LIMIT 21', "SELECT t1", None),
        ("SAVEPOINT s1_x2", "SAVEPOINT", "SAVEPOINT s1_x2"),
        ("  (select 1.5)", "SELECT", "  (select ?)"),
        ("WITH x AS (SELECT 1) UPDATE b SET c = -7", "UPDATE b", None),
        ("", "SQL", ""),
    ],
)
def test_names_are_few_and_literals_are_left_out(sql: str, name: str, text: str | None) -> None:
    from ramet.telemetry.sql import _shape

    shape = _shape(sql, "sqlite", "default", None)
    assert shape.name == name
    if text is not None:
        assert shape.attributes["db.query.text"] == text
    else:
        assert not set("159") & set(shape.attributes["db.query.text"].replace("t1", ""))


def test_many_rows_at_once_are_one_statement(traced: Trace) -> None:
    kept = traced()
    with tracing.work(WORK):
        Group.objects.bulk_create([Group(name=str(number)) for number in range(3)])
    inserts: list[SpanRow] = [span for span in kept() if span.name.startswith("INSERT")]
    assert [span.name for span in inserts] == ["INSERT auth_group"]
