"""SQL in source names tables, and tables have models."""

from __future__ import annotations

import pytest

from ramet.tools.assess.linking.queries.sql import tables_in, writes_table
from tests.unit.tools.assess.linking.edges import ends


@pytest.mark.parametrize(
    ("sql", "tables"),
    [
        ("SELECT * FROM orders_order", ["orders_order"]),
        ('select * from "orders_order" o join public.users_user u on 1=1', [
            "orders_order", "users_user"]),
        ("INSERT INTO `a` (x) SELECT y FROM b", ["a", "b"]),
        ("UPDATE a SET x = 1", ["a"]),
        ("SELECT 1 FROM a, b x, c", ["a", "b", "c"]),
        ("SELECT EXTRACT(year FROM created) FROM a -- FROM z", ["created", "a"]),
        ("SELECT 1 FROM (SELECT 2 FROM a) t", ["a"]),
        ("SELECT 1 FROM \0 WHERE 1", ["\0"]),
        ("SELECT 1", []),
    ],
)  # fmt: skip
def test_tables_are_what_stands_where_a_table_does(sql, tables):
    assert tables_in(sql) == tables


def test_only_a_changed_table_is_written():
    sql = "INSERT INTO a SELECT * FROM b"
    assert writes_table(sql, "a")
    assert not writes_table(sql, "b")


@pytest.mark.parametrize(
    "body",
    [
        'def f(cursor):\n    cursor.execute("SELECT 1 FROM orders_order")',
        'with connection.cursor() as cursor:\n    cursor.execute("SELECT 1 FROM orders_order")',
        'SQL = "SELECT 1"\nSQL += " FROM orders_order"\n'
        "def f():\n    connection.cursor().execute(SQL)",
        'def f(cursor):\n    cursor.execute(f"SELECT 1 FROM {Order._meta.db_table}")',
        'def f(cursor):\n    cursor.execute("SELECT 1 FROM orders_order WHERE pk = %s" % 1)',
        'connections["other"].cursor().execute("SELECT 1 FROM orders_order")',
    ],
)
def test_a_statement_that_names_a_table_reaches_its_model(project, body):
    head = "from django.db import connection, connections\nfrom orders.models import Order\n"
    scan = project({"products/reports.py": head + body})
    assert ends(scan, "raw_sql") == {("products", "orders.Order")}


def test_a_table_that_only_running_tells_is_a_gap(project):
    scan = project(
        {"products/reports.py": 'def f(cursor, t):\n    cursor.execute(f"SELECT 1 FROM {t}")\n'}
    )
    assert not ends(scan, "raw_sql")
    assert "sql-table-not-constant" in {gap.kind for gap in scan.gaps}


def test_a_table_of_another_name_is_known_by_it(project):
    scan = project(
        {
            "orders/models.py": """
from django.db import models

class Order(models.Model):
    class Meta:
        db_table = "sales"
""",
            "products/reports.py": 'def f(cursor):\n    cursor.execute("SELECT 1 FROM sales")\n',
        }
    )
    assert ends(scan, "raw_sql") == {("products", "orders.Order")}
