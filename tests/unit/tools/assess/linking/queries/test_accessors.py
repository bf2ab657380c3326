"""Attributes of rows are followed over relations where the row's model is known."""

from __future__ import annotations

import pytest

IMPORTS = """
from django.contrib.auth import get_user_model
from django.shortcuts import get_object_or_404
from django.views.generic import DetailView
from orders.models import Line, Order
from products.models import Product
from users.models import User
"""
TO_USER = ("orders.Order", "users.User")


def accessors(project, body: str) -> set[tuple[str, str]]:
    scan = project({"orders/views.py": IMPORTS + body})
    return {
        (edge.source, edge.target)
        for edge in scan.edges
        if edge.kind == "accessor" and edge.file == "orders/views.py"
    }


@pytest.mark.parametrize(
    "body",
    [
        "def f(order: Order):\n    return order.customer.email",
        "def f(order: 'Order | None'):\n    return order.customer.email",
        "def f(orders: list[Order]):\n    for order in orders:\n        order.customer.email",
        "Order.objects.get(pk=1).customer",
        "def f():\n    order = Order.objects.first()\n    return order.customer",
        "def f():\n    order, made = Order.objects.get_or_create()\n    return order.customer",
        "for order in Order.objects.filter(pk=1):\n    order.customer",
        "[order.customer for order in Order.objects.all()]",
        "for n, order in enumerate(Order.objects.all()):\n    order.customer",
        "def f(pk):\n    return get_object_or_404(Order, pk=pk).customer",
        "order = Order()\norder.customer",
        "Order.objects.all()[0].customer",
        "Order.objects.filter(pk=1)[:3][0].customer",
        "class V(DetailView):\n    model = Order\n    def get(self):\n"
        "        return self.object.customer",
        "class V(DetailView):\n    queryset = Order.objects.all()\n    def get(self):\n"
        "        return self.get_object().customer",
    ],
)
def test_the_model_of_a_row_is_known_from_where_it_comes(project, body):
    assert accessors(project, body) == {TO_USER}


def test_self_is_a_row_in_methods_of_a_model_and_of_its_abstract_bases(project):
    scan = project(
        {
            "orders/models.py": """
from django.db import models

class Base(models.Model):
    class Meta:
        abstract = True

    def name(self):
        return self.customer.name

class Order(Base):
    customer = models.ForeignKey("users.User", models.CASCADE)

    def mail(self):
        return self.customer.email
"""
        }
    )
    assert {
        (edge.source, edge.target, edge.line) for edge in scan.edges if edge.kind == "accessor"
    } == {("orders.Order", "users.User", 9), ("orders.Order", "users.User", 15)}


def test_the_way_back_is_followed_by_its_accessor(project):
    body = "def f(user: User, order: Order):\n    user.orders.all()\n    order.line_set.count()\n"
    assert accessors(project, body) == {
        ("users.User", "orders.Order"),
        ("orders.Order", "orders.Line"),
    }


def test_each_part_of_a_chain_over_several_lines_has_its_own(project):
    scan = project(
        {
            "orders/views.py": IMPORTS + "def f(line: Line, kind):\n"
            "    (line.order\n     .customer\n     .orders\n     .all())\n"
            "    (line.order\n     .customer.email)\n    (kind.objects\n     .filter(pk=1))\n"
        }
    )
    begin = IMPORTS.count("\n") + 2
    assert [
        (edge.field, edge.line - begin)
        for edge in scan.edges
        if edge.kind == "accessor" and edge.file == "orders/views.py"
    ] == [("order", 0), ("customer", 1), ("orders", 2), ("order", 4), ("customer", 5)]
    [gap] = [gap for gap in scan.gaps if gap.kind == "query-of-unknown-model"]
    assert (gap.found, gap.line - begin) == ("once: objects.filter", 7)


def test_the_key_of_a_row_is_no_way_to_another(project):
    assert not accessors(project, "def f(order: Order):\n    return order.customer_id, order.pk\n")


def test_a_request_has_a_user_and_what_middleware_gives_it(project):
    scan = project(
        {
            "orders/middleware.py": """
from orders.models import Order

class Basket:
    def __call__(self, request):
        request.basket = Order.objects.first()
""",
            "orders/views.py": """
def show(request):
    request.user.orders.all()
    request.basket.customer
""",
        },
        settings='MIDDLEWARE = ["orders.middleware.Basket"]\n',
    )
    assert {(edge.source, edge.target) for edge in scan.edges if edge.kind == "accessor"} == {
        ("users.User", "orders.Order"),
        TO_USER,
    }


@pytest.mark.parametrize(
    "calls",
    [
        "def g(order: Order):\n    f(order)",
        "def g():\n    f(order=Order.objects.get(pk=1))",
        "def g():\n    h(Order.objects.get(pk=1))\ndef h(order):\n    f(order)",
    ],
)
def test_a_parameter_is_known_by_the_calls_of_its_file(project, calls):
    assert accessors(project, f"def f(order):\n    return order.customer\n{calls}\n") == {TO_USER}


def test_a_parameter_of_which_calls_disagree_is_not_known(project):
    body = """
def f(order):
    return order.customer

def g(order: Order, unknown):
    f(order)
    f(unknown)
"""
    assert not accessors(project, body)


@pytest.mark.parametrize(
    "body",
    [
        "return Order.objects.filter(pk=1)",
        "found = Order.objects.all()\n    if pk:\n        found = found.filter(pk=pk)\n"
        "    return found.distinct()",
    ],
)
def test_what_a_function_of_another_file_gives_is_known(project, body):
    scan = project(
        {
            "users/queries.py": f"from orders.models import Order\ndef find(pk):\n    {body}\n",
            "orders/views.py": "from users.queries import find\nfind(1).first().customer\n",
        }
    )
    assert [(edge.source, edge.target) for edge in scan.edges if edge.kind == "accessor"] == [
        TO_USER
    ]


def test_what_a_row_is_made_with_is_a_row_of_the_keys_model(project):
    body = """
def f(order, product):
    order.customer
    Line.objects.create(order=order, product=1)
"""
    assert accessors(project, body) == {TO_USER}


def test_the_query_set_of_a_view_is_that_of_its_base(project):
    body = """
class Base(DetailView):
    model = Order

class V(Base):
    def get_queryset(self):
        found = super().get_queryset()
        return found.filter(pk=1)

    def get(self):
        self.get_queryset().first().customer
"""
    assert accessors(project, body) == {TO_USER}


def test_nothing_is_known_of_a_parameter_that_does_not_say(project):
    assert not accessors(project, "def f(order):\n    return order.customer.email\n")


def test_a_comprehensions_names_end_with_it(project):
    body = """
def f(order):
    names = [order.pk for order in Order.objects.all()]
    return order.customer
"""
    assert not accessors(project, body)


def test_what_a_view_puts_on_its_request_is_not_on_those_of_other_files(project):
    scan = project(
        {
            "orders/views.py": """
from orders.models import Order

def show(request):
    request.basket = Order.objects.first()
""",
            "users/views.py": "def show(request):\n    request.basket.customer\n",
        }
    )
    assert not [edge for edge in scan.edges if edge.kind == "accessor"]
