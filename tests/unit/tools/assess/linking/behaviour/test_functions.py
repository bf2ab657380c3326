"""Functions belong to the model that they write most, and calls tie those of two apps."""

from __future__ import annotations

from tests.unit.tools.assess.linking.edges import ends


def functions(project, body: str):
    scan = project(
        {
            "users/services.py": f"""
from orders.models import Line, Order
from products.models import Product
from users.models import Profile
{body}
"""
        }
    )
    return {one.name.removeprefix("users.services."): one for one in scan.functions}


def test_a_function_has_what_it_reads_and_writes_itself(project):
    (found,) = functions(
        project,
        """
def f():
    for line in Line.objects.select_related("product"):
        line.order.customer
    Order.objects.create()
""",
    ).values()
    assert found.reads == ["orders.Line", "orders.Order", "products.Product", "users.User"]
    assert found.writes == ["orders.Order"]
    assert (found.app, found.file, found.line) == ("users", "users/services.py", 6)


def test_it_belongs_to_what_it_writes_most_else_reads_most(project):
    found = functions(
        project,
        """
def write():
    Order.objects.create()
    Product.objects.all()
    Product.objects.all()
    Product.objects.all()
    Order.objects.create()
    Profile.objects.create()

def read():
    Product.objects.all()
    Order.objects.all()
    Product.objects.all()
""",
    )
    assert found["write"].belongs_to == "orders.Order"
    assert found["read"].belongs_to == "products.Product"


def test_a_function_that_touches_no_model_is_left_out(project):
    assert not functions(project, "def f():\n    return len([])\n")


def test_calls_across_apps_are_followed_through_imports_and_methods(project):
    scan = project(
        {
            "products/__init__.py": "from products.stock import take\n",
            "products/stock.py": """
from products.models import Product

def take():
    Product.objects.update(stock=0)

class Shelf:
    def empty(self):
        pass
""",
            "orders/services.py": """
from products import take
from products.stock import Shelf
from orders.models import Order

def buy():
    Order.objects.create()
    take()

def clear():
    shelf = Shelf()
    shelf.empty()
""",
        }
    )
    assert ends(scan, "call") == {("orders.Order", "products.Product"), ("orders", "products")}


def test_a_method_of_many_models_writes_none_of_them_more_than_another(project):
    scan = project(
        {
            "core/__init__.py": "",
            "core/base.py": """
from django.db import models

class Base(models.Model):
    class Meta:
        abstract = True

    def save(self, **options):
        super().save(**options)
""",
            "orders/models.py": """
from core.base import Base

class Order(Base):
    pass
""",
            "products/models.py": """
from core.base import Base

class Product(Base):
    pass
""",
            "orders/services.py": """
from django.db import transaction
from orders.models import Order

@transaction.atomic
def f():
    Order().save()
""",
        }
    )
    assert {one.name: one.writes for one in scan.functions} == {
        "orders.services.f": ["orders.Order"]
    }
    assert not scan.atomics
