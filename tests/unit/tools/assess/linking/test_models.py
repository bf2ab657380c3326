"""Which models a project has: those that Django's registry would have, under its labels."""

from __future__ import annotations

import pytest

from ramet.tools.assess.facts import Model, Scan
from tests.unit.tools.assess.linking.conftest import SETTINGS, Project

HEAD = "from django.db import models\n"


def own(scan: Scan, app: str) -> set[str]:
    """The labels of an app's own models."""
    return {model.label for model in scan.models if model.is_own and model.app == app}


def model(scan: Scan, label: str) -> Model:
    """The one model of a label."""
    [found] = [each for each in scan.models if each.label == label]
    return found


def test_a_model_says_its_place_and_table(project: Project) -> None:
    scan = project(
        {
            "products/models.py": HEAD
            + "class Product(models.Model):\n    class Meta:\n        db_table = 'wares'\n"
            "class Cheap(Product):\n    class Meta:\n        proxy = True\n"
            "class Category(models.Model):\n    pass\n"
        }
    )
    product = model(scan, "products.Product")
    assert (product.file, product.line, product.table) == ("products/models.py", 2, "wares")
    assert model(scan, "products.Category").table == "products_category"
    cheap = model(scan, "products.Cheap")
    assert (cheap.is_proxy, cheap.table) == (True, None)


def test_models_of_a_package_are_of_its_app_and_re_exports_are_no_second_model(
    project: Project,
) -> None:
    scan = project(
        {
            "extra/__init__.py": "",
            "extra/models/__init__.py": "from extra.models.one import One\nfrom .two import *\n",
            "extra/models/one.py": HEAD + "class One(models.Model):\n    pass\n",
            "extra/models/two.py": HEAD
            + "from .one import One\nclass Two(One):\n    pass\n__all__ = ['Two']\n",
            "extra/elsewhere.py": HEAD + "class Three(models.Model):\n    pass\n",
        },
        settings='INSTALLED_APPS += ["extra"]\n',
    )
    assert own(scan, "extra") == {"extra.One", "extra.Two", "extra.Three"}


def test_the_label_is_that_of_the_app_config_or_of_the_innermost_app(project: Project) -> None:
    thing = HEAD + "class Thing(models.Model):\n    pass\n"
    scan = project(
        {
            "shop/__init__.py": "",
            "shop/stock/__init__.py": "",
            "shop/stock/apps.py": "from django.apps import AppConfig\n"
            "class StockConfig(AppConfig):\n    name = 'shop.stock'\n    label = 'warehouse'\n",
            "shop/stock/models.py": thing,
            "shop/stock/inner/__init__.py": "",
            "shop/stock/inner/models.py": thing,
            "shop/other/__init__.py": "",
            "shop/other/models.py": HEAD + "class Moved(models.Model):\n"
            "    class Meta:\n        app_label = 'warehouse'\n",
        },
        settings='INSTALLED_APPS += ["shop.stock", "shop.stock.inner", "shop.other"]\n',
    )
    assert own(scan, "warehouse") == {"warehouse.Thing", "warehouse.Moved"}
    assert own(scan, "inner") == {"inner.Thing"}


def test_models_of_tests_migrations_and_apps_that_are_not_installed_are_none(
    project: Project,
) -> None:
    thing = HEAD + "class {}(models.Model):\n    pass\n"
    scan = project(
        {
            "products/tests/__init__.py": "",
            "products/tests/models.py": thing.format("InTest"),
            "products/migrations/__init__.py": "",
            "products/migrations/0001_initial.py": thing.format("InMigration"),
            "products/later/__init__.py": "",
            "products/later/migrations/__init__.py": "",
            "products/later/models.py": thing.format("NotInstalled"),
            "sleeping/__init__.py": "",
            "sleeping/models.py": thing.format("Asleep"),
        }
    )
    assert own(scan, "products") == {"products.Category", "products.Product", "products.Tag"}
    assert not [each for each in scan.models if "Asleep" in each.label]


def test_a_test_app_that_is_installed_has_its_models(project: Project) -> None:
    scan = project(
        {
            "tests/__init__.py": "",
            "tests/models.py": HEAD + "class Thing(models.Model):\n    pass\n",
        },
        settings='INSTALLED_APPS += ["tests"]\n',
    )
    assert own(scan, "tests") == {"tests.Thing"}


def test_a_forked_app_replaces_the_conditional_models_of_the_original(project: Project) -> None:
    scan = project(
        {
            "vendor/__init__.py": "",
            "vendor/bases.py": HEAD + "class AbstractThing(models.Model):\n"
            "    class Meta:\n        abstract = True\n        app_label = 'things'\n",
            "vendor/loading.py": "def is_registered(app, name): ...\n"
            "def get_class(module, name): ...\n",
            "vendor/things/__init__.py": "",
            "vendor/things/models.py": "from vendor.loading import get_class, is_registered\n"
            "AbstractThing = get_class('vendor.bases', 'AbstractThing')\n"
            "if not is_registered('things', 'Thing'):\n"
            "    class Thing(AbstractThing):\n        pass\n"
            "if not is_registered('things', 'Other'):\n"
            "    class Other(AbstractThing):\n        pass\n",
            "fork/__init__.py": "",
            "fork/things/__init__.py": "",
            "fork/things/models.py": HEAD + "from vendor.bases import AbstractThing\n"
            "class Thing(AbstractThing):\n"
            "    owner = models.ForeignKey('users.User', models.CASCADE)\n"
            "from vendor.things.models import *\n",
        },
        settings='INSTALLED_APPS += ["fork.things"]\n',
    )
    assert model(scan, "things.Thing").file == "fork/things/models.py"
    assert model(scan, "things.Other").file == "vendor/things/models.py"
    assert [edge.field for edge in scan.edges if edge.source == "things.Thing"] == ["owner"]


def test_a_function_that_makes_a_class_of_its_argument_makes_a_model(project: Project) -> None:
    scan = project(
        {
            "products/factory.py": "def concrete(base):\n"
            "    return type(base.__name__.replace('Abstract', ''), (base,), {})\n",
            "products/models.py": HEAD + "from products.factory import concrete\n"
            "class AbstractProduct(models.Model):\n"
            "    owner = models.ForeignKey('users.User', models.CASCADE)\n"
            "    class Meta:\n        abstract = True\n"
            "Product = concrete(AbstractProduct)\n"
            "class Category(models.Model):\n"
            "    first = models.ForeignKey(Product, models.CASCADE)\n",
        }
    )
    assert own(scan, "products") == {"products.Product", "products.Category"}
    assert ("products.Product", "users.User") in {(e.source, e.target) for e in scan.edges}
    assert ("products.Category", "products.Product") in {(e.source, e.target) for e in scan.edges}


def test_a_swapped_model_is_none_and_its_swap_is_the_target(project: Project) -> None:
    scan = project(
        {
            "products/models.py": HEAD
            + "import swapper\n"
            + "class Product(models.Model):\n    class Meta:\n        swappable = 'WARE_MODEL'\n"
            "class Category(models.Model):\n"
            "    first = models.ForeignKey(swapper.get_model_name('ware', ''), models.CASCADE)\n",
            "orders/models.py": HEAD + "class Order(models.Model):\n    pass\n",
            "users/models.py": HEAD + "class User(models.Model):\n    pass\n",
        },
        settings='WARE_MODEL = "orders.Order"\nWARE__MODEL = "orders.Order"\n',
    )
    assert own(scan, "products") == {"products.Category"}
    assert ("products.Category", "orders.Order") in {(e.source, e.target) for e in scan.edges}


def test_the_only_user_model_is_taken_where_no_settings_name_one(project: Project) -> None:
    scan = project(
        {"config/settings.py": SETTINGS.replace('AUTH_USER_MODEL = "users.User"', "")},
    )
    assert ("orders.Order", "users.User") in {
        (edge.source, edge.target) for edge in scan.edges if edge.kind == "fk"
    }


def test_a_history_has_a_copy_of_each_foreign_key_and_the_user(project: Project) -> None:
    scan = project(
        {
            "products/models.py": HEAD + "from simple_history.models import HistoricalRecords\n"
            "class Category(models.Model):\n    pass\n"
            "class Product(models.Model):\n"
            "    category = models.ForeignKey(Category, models.CASCADE)\n"
            "    parent = models.ForeignKey('self', models.CASCADE)\n"
            "    orders = models.ManyToManyField('orders.Order')\n"
            "    history = HistoricalRecords()\n"
        }
    )
    found = {
        edge.field: edge.target
        for edge in scan.edges
        if edge.source == "products.HistoricalProduct" and edge.kind == "fk"
    }
    assert found == {
        "category": "products.Category",
        "parent": "products.Product",
        "history_user": "users.User",
    }


@pytest.mark.parametrize(
    ("path", "settings", "is_reached"),
    [
        ("products/models.py", "", True),
        ("products/apps.py", "", True),
        ("products/admin.py", "INSTALLED_APPS += ['django.contrib.admin']\n", True),
        ("products/admin.py", "", False),
        ("products/views.py", "", False),
    ],
)
def test_models_deeper_in_an_app_count_where_what_django_imports_leads_to_them(
    project: Project, path: str, settings: str, is_reached: bool
) -> None:
    thing = HEAD + "class {}(models.Model):\n    pass\n"
    files = {
        "products/migrations/__init__.py": "",
        "products/one/__init__.py": "",
        "products/one/models.py": thing.format("Deeper"),
        "products/two/__init__.py": "",
        "products/two/models.py": thing.format("NotReached"),
        "products/models.py": thing.format("Product"),
    }
    files[path] = files.get(path, "") + "from products.one.models import *\n"
    found = own(project(files, settings=settings), "products")
    assert found == {"products.Product"} | ({"products.Deeper"} if is_reached else set())


def test_a_view_that_lists_rows_of_another_app_is_no_model(project: Project) -> None:
    scan = project(
        {
            "products/views.py": "from django.contrib.contenttypes.models import ContentType\n"
            "from elsewhere.mixins import Exported\nfrom rest_framework import viewsets\n\n"
            "class TypeView(Exported, viewsets.ReadOnlyModelViewSet):\n"
            "    queryset = ContentType.objects.all()\n"
        }
    )
    assert "products.TypeView" not in own(scan, "products")
    assert not [gap for gap in scan.gaps if gap.kind == "unresolved-base"]


def test_proxies_that_a_metaclass_makes_are_told_and_not_claimed(project: Project) -> None:
    scan = project(
        {
            "products/kinds.py": "from products.models import Product\n"
            "class Kind(type):\n    def __new__(cls, name, bases, attrs):\n"
            "        class Meta:\n            proxy = True\n"
            "        attrs['Meta'] = Meta\n"
            "        return super().__new__(cls, name, bases, attrs)\n"
            "class Cheap(Product, metaclass=Kind):\n    pass\n"
            "class Cheapest(Cheap):\n    pass\n"
        }
    )
    assert own(scan, "products") == {"products.Category", "products.Product", "products.Tag"}
    [gap] = [gap for gap in scan.gaps if gap.kind == "made-by-metaclass"]
    assert (gap.file, gap.line) == ("products/kinds.py", 8)
    assert gap.found.startswith("2 classes")


def test_a_class_of_the_models_wins_over_one_of_its_name_elsewhere(project: Project) -> None:
    text = HEAD + "class Product(models.Model):\n    pass\n"
    scan = project({"products/first.py": text})
    assert model(scan, "products.Product").file == "products/models.py"


def test_types_of_graphql_are_no_models(project: Project) -> None:
    scan = project(
        {
            "products/types.py": "from outer import ObjectType\nfrom products.models import Tag\n"
            "class Base(ObjectType):\n    class Meta:\n        abstract = True\n"
            "class TagType(Base):\n    class Meta:\n        model = Tag\n"
        }
    )
    assert own(scan, "products") == {"products.Category", "products.Product", "products.Tag"}
