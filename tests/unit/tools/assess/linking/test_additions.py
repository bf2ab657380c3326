"""Fields that a model gets from outside its class are seen, and those of other calls are not."""

from __future__ import annotations

import pytest

from ramet.tools.assess.facts import Scan
from tests.unit.tools.assess.linking.conftest import Project

REGISTRY = """
from django.contrib.contenttypes.fields import GenericRelation
from django.db import models

class Watched:
    @classmethod
    def register(cls, model, name="x"):
        model.add_to_class("watchers", models.ManyToManyField("users.User"))
        cls.again(model)

    @classmethod
    def again(cls, model): ...

class Strict(Watched):
    pass

def register_twice(first, second):
    Watched.register(model=first)
    Watched.register(second)

def register_nothing(model):
    print(model)
"""


def added(scan: Scan) -> set[tuple[str, str, str]]:
    """Source, target and field of the many-to-many fields named `watchers`, and of `extra`."""
    return {
        (edge.source, edge.target, edge.field)
        for edge in scan.edges
        if edge.field in ("watchers", "extra")
    }


@pytest.mark.parametrize(
    "call",
    [
        'Product.add_to_class("extra", models.ForeignKey("users.User", models.CASCADE))',
        'Product.add_to_class(name="extra", value=models.ForeignKey("users.User", 1))',
        'models.ForeignKey("users.User", models.CASCADE).contribute_to_class(Product, "extra")',
        'get_user_model(); Product.add_to_class("extra", models.ForeignKey(get_user_model(), 1))',
    ],
)
@pytest.mark.parametrize("place", ["", "def ready():\n    "])
def test_a_field_is_added_in_any_place(project: Project, call: str, place: str) -> None:
    head = (
        "from django.contrib.auth import get_user_model\n"
        "from django.db import models\nfrom products.models import Product\n"
    )
    scan = project({"orders/later.py": f"{head}{place}{call}\n"})
    assert added(scan) == {("products.Product", "users.User", "extra")}
    [edge] = [edge for edge in scan.edges if edge.field == "extra"]
    assert edge.file == "orders/later.py"


@pytest.mark.parametrize(
    "call",
    [
        "Watched.register(Product)",
        "Watched.register(model=Product)",
        "Strict.register(Product)",
        "registry.Watched.register(Product)",
        "register_twice(Product, Product)",
    ],
)
@pytest.mark.parametrize(
    "given",
    [
        "from products.models import Product",
        "Product = apps.get_model('products', 'Product')",
        "Product = apps.get_model(app_label='products', model_name='Product')",
        "Product = self.get_model('Product')",
    ],
)
def test_a_function_that_adds_a_field_to_its_argument_adds_it_to_what_it_is_called_with(
    project: Project, call: str, given: str
) -> None:
    config = (
        "from django.apps import AppConfig, apps\n"
        "class ProductsConfig(AppConfig):\n    name = 'products'\n    def ready(self):\n"
        "        import registry\n"
        "        from registry import Strict, Watched, register_twice\n"
        f"        {given}\n        {call}\n"
    )
    scan = project({"registry.py": REGISTRY, "products/apps.py": config})
    assert added(scan) == {("products.Product", "users.User", "watchers")}


def test_a_function_that_adds_nothing_adds_nothing(project: Project) -> None:
    text = (
        "from registry import register_nothing\nfrom products.models import Product\n"
        "register_nothing(Product)\n"
    )
    scan = project({"registry.py": REGISTRY, "products/more.py": text})
    assert added(scan) == set()


def test_what_a_known_package_adds_when_a_model_is_registered(project: Project) -> None:
    text = (
        "from actstream import registry\nfrom products.models import Product\n"
        "registry.register(Product)\n"
    )
    scan = project({"products/more.py": text})
    found = {edge.field: edge.target for edge in scan.edges if edge.kind == "generic_relation"}
    assert found == {
        "actor_actions": "actstream.Action",
        "target_actions": "actstream.Action",
        "action_object_actions": "actstream.Action",
    }
