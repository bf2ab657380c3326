"""Tasks are tied to who starts them, and are never in a transaction of theirs."""

from __future__ import annotations

import pytest

from tests.unit.tools.assess.linking.edges import ends

TASKS = """
from celery import Celery, shared_task
from products.models import Product
app = Celery("shop")

@shared_task
def restock():
    Product.objects.update(stock=9)

@app.task(bind=True)
def count(self):
    Product.objects.update(stock=9)
"""


@pytest.mark.parametrize(
    "start",
    [
        "restock.delay()",
        "restock.apply_async(args=())",
        "restock.s()",
        "restock.si()",
        "chain(restock.s(), other.s())",
        "count.delay()",
        "tasks.restock.delay()",
        "transaction.on_commit(restock.delay)",
        "transaction.on_commit(lambda: restock.delay())",
        'app.send_task("products.tasks.restock")',
        "async_task(restock)",
    ],
)
def test_starting_a_task_ties_its_models(project, start):
    scan = project(
        {
            "products/tasks.py": TASKS,
            "orders/services.py": f"""
from celery import chain
from django.db import transaction
from django_q.tasks import async_task
from orders.models import Order
from products import tasks
from products.tasks import app, count, restock

@transaction.atomic
def buy():
    Order.objects.create()
    {start}
""",
        }
    )
    assert ends(scan, "task") == {("orders.Order", "products.Product")}
    assert not scan.atomics


def test_a_task_is_told_as_one(project):
    scan = project({"products/tasks.py": TASKS})
    assert {one.name: one.kind for one in scan.functions} == {
        "products.tasks.restock": "task",
        "products.tasks.count": "task",
    }
