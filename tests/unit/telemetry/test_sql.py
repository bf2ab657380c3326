"""What the span of a statement says: the statement without its values, and who asked for it."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from django.contrib.auth.models import Group
from django.db import DatabaseError, connection
from psycopg.sql import SQL, Identifier

from ramet.telemetry import tracing
from ramet.telemetry.spans import Shape
from ramet.telemetry.sql import _execute, _shape
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
        ("SELECT 1 FROM a WHERE b = 'cut of", "SELECT a", "SELECT ? FROM a WHERE b = ?"),
        (
            r"SELECT 1 FROM a WHERE b = E'it\'s' OR c",
            "SELECT a",
            "SELECT ? FROM a WHERE b = E? OR c",
        ),
        ("SELECT 1 FROM a WHERE b = $x$ it's $x$", "SELECT a", "SELECT ? FROM a WHERE b = ?"),
        ("SELECT 1 FROM a WHERE b = $1", "SELECT a", "SELECT ? FROM a WHERE b = $1"),
    ],
)
def test_names_are_few_and_literals_are_left_out(sql: str, name: str, text: str | None) -> None:
    shape = _shape(sql, "sqlite", "default", None)
    assert shape.name == name
    if text is not None:
        assert shape.attributes["db.query.text"] == text
    else:
        assert not set("159") & set(shape.attributes["db.query.text"].replace("t1", ""))


@pytest.mark.parametrize(
    "statement",
    [
        b"SELECT name FROM auth_group WHERE name = 'bob'",
        SQL("SELECT name FROM {} WHERE name = {}").format(Identifier("auth_group"), "bob"),
    ],
)
def test_a_statement_that_is_no_text_is_carried_out_as_ever(
    traced: Trace, statement: object
) -> None:
    kept = traced()
    asked: list[object] = []
    postgresql = SimpleNamespace(vendor="postgresql", alias="default", connection=None)
    with tracing.work(WORK), connection.cursor() as cursor:
        context = {"cursor": cursor, "connection": postgresql}
        _execute(lambda sql, *_: asked.append(sql), statement, (), False, context)
    assert asked == [statement]
    _, query = kept()
    assert "auth_group" in query.attributes["db.query.text"]
    assert "bob" not in repr(query)


def test_the_rest_of_a_long_statement_is_neither_told_nor_remembered(traced: Trace) -> None:
    kept = traced()
    _shape.cache_clear()
    with tracing.work(WORK), connection.cursor() as cursor:
        for number in (3000, 3001):
            cursor.execute(
                f"SELECT 1 FROM auth_group WHERE id IN ({', '.join(['%s'] * number)})", [7] * number
            )
    assert {len(query.attributes["db.query.text"]) for query in kept()[1:]} == {4000}
    assert _shape.cache_info().currsize == 1


def test_many_rows_at_once_are_one_statement(traced: Trace) -> None:
    kept = traced()
    with tracing.work(WORK):
        Group.objects.bulk_create([Group(name=str(number)) for number in range(3)])
    inserts: list[SpanRow] = [span for span in kept() if span.name.startswith("INSERT")]
    assert [span.name for span in inserts] == ["INSERT auth_group"]
