"""Transactions are told that write models of more than one app, with the way to each write."""

from __future__ import annotations

import pytest

IMPORTS = """
from django.db import transaction
from django.utils.decorators import method_decorator
from django.views import View
from orders.models import Order
from products.models import Product, Tag
from products.stock import take
"""
STOCK = """
from products.models import Product

def take(pk):
    product = Product.objects.get(pk=pk)
    product.stock -= 1
    product.save()

class Shelf:
    def empty(self):
        take(1)
"""
BOTH = ["orders.Order", "products.Product"]


def atomics(project, body: str, settings: str = ""):
    scan = project({"products/stock.py": STOCK, "orders/services.py": IMPORTS + body}, settings)
    return scan.atomics


def written(project, body: str, settings: str = "") -> list[list[str]]:
    return [
        sorted({write.model for write in atomic.writes})
        for atomic in atomics(project, body, settings)
    ]


@pytest.mark.parametrize(
    "body",
    [
        "def f():\n    with transaction.atomic():\n        Order.objects.create()\n        take(1)",
        "@transaction.atomic\ndef f():\n    Order.objects.create()\n    take(1)",
        "@transaction.atomic(durable=True)\ndef f():\n    Order.objects.create()\n    take(1)",
        "@method_decorator(transaction.atomic, name='post')\nclass V(View):\n"
        "    def post(self, request):\n        Order().save()\n        take(1)",
        "class V(View):\n    @method_decorator(transaction.atomic)\n"
        "    def post(self, request):\n        Order().save()\n        take(1)",
        "def f():\n    with transaction.atomic():\n        with transaction.atomic():\n"
        "            Order.objects.create()\n        take(1)",
    ],
)
def test_a_transaction_has_what_its_body_and_its_callees_write(project, body):
    assert written(project, body) == [BOTH]


@pytest.mark.parametrize(
    "write",
    [
        "Product.objects.create()",
        "Product(stock=1).save()",
        "Product.objects.get(pk=1).delete()",
        "Product.objects.filter(pk=1).update(stock=0)",
        "Product.objects.filter(pk=1).delete()",
        "Product.objects.bulk_create([])",
        "Product.objects.bulk_update([], [])",
        "Product.objects.get_or_create(pk=1)",
        "Product.objects.update_or_create(pk=1)",
        "Product.objects.get(pk=1).category.products.create()",
        "Product.objects.get(pk=1).category.products.add(1)",
    ],
)
def test_every_way_to_write_is_one(project, write):
    body = f"@transaction.atomic\ndef f():\n    Order.objects.create()\n    {write}\n"
    assert written(project, body) == [BOTH]


@pytest.mark.parametrize("link", ["add(1)", "remove(1)", "set([])", "clear()"])
def test_a_many_to_many_is_written_where_it_is_declared(project, link):
    body = f"""
@transaction.atomic
def f(tag: Tag, product: Product):
    Order.objects.create()
    product.tag_set.{link}
"""
    assert written(project, body) == [["orders.Order", "products.Tag"]]


def test_a_write_says_by_which_calls_it_is_reached(project):
    body = """
from products.stock import Shelf

@transaction.atomic
def f():
    Order.objects.create()
    Shelf().empty()
"""
    (atomic,) = atomics(project, body)
    assert atomic.function == "orders.services.f"
    assert {(write.model, write.file, tuple(write.via)) for write in atomic.writes} == {
        ("orders.Order", "orders/services.py", ()),
        (
            "products.Product",
            "products/stock.py",
            ("products.stock.Shelf.empty", "products.stock.take"),
        ),
    }


@pytest.mark.parametrize(
    "body",
    [
        "def f():\n    Order.objects.create()\n    take(1)",
        "def f():\n    with transaction.atomic():\n        Order.objects.create()\n    take(1)",
        "@transaction.atomic\ndef f():\n    Order.objects.create()\n"
        "    transaction.on_commit(lambda: take(1))",
        "@transaction.atomic\ndef f():\n    Order.objects.create()\n"
        "    transaction.on_commit(take)",
        "@transaction.atomic\ndef f():\n    Order.objects.create()\n    Product.objects.all()",
        "@transaction.atomic\ndef f():\n    Order.objects.create()\n    Product()",
    ],
)
def test_what_is_outside_of_the_transaction_or_only_read_is_not_in_it(project, body):
    assert not written(project, body)


RECEIVERS = """
from django.db.models.signals import post_delete, post_save
from django.dispatch import Signal, receiver
from orders.models import Order
from products.models import Product
shipped = Signal()

@receiver({signal}, sender=Order)
def hear(**kwargs):
    Product.objects.update(stock=0)
"""


@pytest.mark.parametrize(
    ("signal", "deed", "is_heard"),
    [
        ("post_save", "Order.objects.create()", True),
        ("post_save", "Order().save()", True),
        ("post_save", "Order.objects.update(pk=1)", False),
        ("post_save", "Order().delete()", False),
        ("post_delete", "Order().delete()", True),
        ("shipped", "shipped.send(sender=Order); Order.objects.update(pk=1)", True),
        ("shipped", "shipped.send(sender=Tag); Order.objects.update(pk=1)", False),
    ],
)
def test_receivers_are_in_the_transaction_that_sends_their_signal(project, signal, deed, is_heard):
    scan = project(
        {
            "products/stock.py": STOCK,
            "products/hearing.py": RECEIVERS.format(signal=signal),
            "orders/services.py": IMPORTS
            + "from products.hearing import shipped\n"
            + f"@transaction.atomic\ndef f():\n    {deed}\n",
        }
    )
    found = [{write.model: write.via for write in atomic.writes} for atomic in scan.atomics]
    via = ["products.hearing.hear"]
    assert found == ([{"orders.Order": [], "products.Product": via}] if is_heard else [])


def test_a_form_and_a_serializer_write_their_model(project):
    body = """
from django import forms
from rest_framework import serializers

class OrderForm(forms.ModelForm):
    class Meta:
        model = Order
        fields = []

class ProductSerializer(serializers.ModelSerializer):
    class Meta:
        model = Product
        fields = []

@transaction.atomic
def f(data):
    OrderForm(data).save()
    serializer = ProductSerializer(data=data)
    serializer.save()
"""
    assert written(project, body) == [BOTH]


def test_requests_are_transactions_where_the_settings_say_so(project):
    body = """
def buy(request):
    with transaction.atomic():
        Order.objects.create()
    take(1)

@transaction.non_atomic_requests
def free(request):
    Order.objects.create()
    take(1)
"""
    settings = 'DATABASES = {"default": {"ATOMIC_REQUESTS": True}}\n'
    assert [atomic.function for atomic in atomics(project, body, settings)] == [
        "orders.services.buy"
    ]
    assert not written(project, body, settings.replace("True", "False"))


def test_models_of_two_apps_in_one_transaction_have_an_edge(project):
    scan = project(
        {
            "products/stock.py": STOCK,
            "orders/services.py": IMPORTS
            + "@transaction.atomic\ndef f():\n    Order.objects.create()\n    take(1)\n",
        }
    )
    assert [(edge.source, edge.target) for edge in scan.edges if edge.kind == "atomic"] == [
        ("orders.Order", "products.Product")
    ]
