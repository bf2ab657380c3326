"""A small Django project to change, and what a scan of it finds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import dedent

import pytest

from ramet.tools.assess.facts import Scan
from ramet.tools.assess.scanning import scan

MANAGE = """
import os
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
"""

SETTINGS = """
INSTALLED_APPS = [
    "django.contrib.auth", "django.contrib.contenttypes", "users", "orders", "products"
]
AUTH_USER_MODEL = "users.User"
ROOT_URLCONF = "config.urls"
"""

USERS = """
from django.contrib.auth.models import AbstractUser
from django.db import models

class User(AbstractUser):
    pass

class Profile(models.Model):
    user = models.OneToOneField(User, models.CASCADE)
    favourite = models.ForeignKey("products.Product", models.CASCADE, related_name="+")
"""

PRODUCTS = """
from django.db import models

class Category(models.Model):
    parent = models.ForeignKey("self", models.CASCADE, null=True)

class Product(models.Model):
    category = models.ForeignKey(Category, models.CASCADE, related_name="products")
    stock = models.IntegerField()

class Tag(models.Model):
    products = models.ManyToManyField(Product, related_query_name="tagged")
"""

ORDERS = """
from django.conf import settings
from django.db import models

class Order(models.Model):
    customer = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="orders")
    products = models.ManyToManyField("products.Product", through="Line")

class Line(models.Model):
    order = models.ForeignKey(Order, models.CASCADE)
    product = models.ForeignKey("products.Product", models.CASCADE)
"""

Project = Callable[..., Scan]


def put(root: Path, files: Mapping[str, str]) -> Path:
    """Add files to a project; its folder."""
    for path, text in files.items():
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(dedent(text))
    return root


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Scans the project after files were added to it."""

    def found(files: Mapping[str, str] | None = None, settings: str = "") -> Scan:
        put(
            tmp_path,
            {
                "manage.py": MANAGE,
                "config/__init__.py": "",
                "config/settings.py": SETTINGS + settings,
                "users/__init__.py": "",
                "users/models.py": USERS,
                "products/__init__.py": "",
                "products/models.py": PRODUCTS,
                "orders/__init__.py": "",
                "orders/models.py": ORDERS,
            },
        )
        put(tmp_path, files or {})
        return scan(tmp_path)

    return found
