"""The user model of a project whose settings name none: its only one, if there is only one."""

from __future__ import annotations

from pathlib import Path

import pytest

from ramet.tools.assess.scanning import scan
from tests.unit.tools.assess.linking.conftest import put

MANAGE = 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")\n'
BEGIN = """
from django.conf import settings
from django.contrib.auth.models import AbstractUser, User
from django.db import models

class Desk(models.Model):
    of = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
"""
AUTH = """
from django.contrib.auth.base_user import AbstractBaseUser
class AbstractUser(AbstractBaseUser):
    class Meta:
        abstract = True
class User(AbstractUser):
    class Meta(AbstractUser.Meta):
        swappable = "AUTH_USER_MODEL"
"""
BASE = """
from django.db import models
class AbstractBaseUser(models.Model):
    class Meta:
        abstract = True
"""


@pytest.mark.parametrize(
    ("classes", "user"),
    [
        ("class Person(AbstractUser):\n    pass", "people.Person"),
        (
            "class Person(AbstractUser):\n    pass\n\nclass Editor(Person):\n    pass",
            "people.Person",
        ),
        (
            "class Person(AbstractUser):\n    pass\n\n"
            "class Reader(Person):\n    class Meta:\n        proxy = True",
            "people.Person",
        ),
        (
            "class Human(AbstractUser):\n    class Meta:\n        abstract = True\n\n"
            "class Person(Human):\n    pass",
            "people.Person",
        ),
        ("class Editor(User):\n    pass", "auth.User"),
        ("class Reader(User):\n    class Meta:\n        proxy = True", "auth.User"),
        (
            "class Person(AbstractUser):\n    pass\n\nclass Other(AbstractUser):\n    pass",
            "auth.User",
        ),
    ],
)
@pytest.mark.parametrize("is_read", [False, True], ids=["source alone", "with Django's"])
def test_it_is_the_one_that_is_concrete_and_of_its_own(
    classes: str, user: str, is_read: bool, tmp_path: Path
) -> None:
    files = {
        "manage.py": MANAGE,
        "settings.py": 'INSTALLED_APPS = ["django.contrib.auth", "people"]\n',
        "people/__init__.py": "",
        "people/models.py": BEGIN + classes + "\n",
    }
    auth = "lib/python3.11/site-packages/django/contrib/auth"
    django = {
        f"{auth}/__init__.py": "",
        f"{auth}/../__init__.py": "",
        f"{auth}/../../__init__.py": "",
        f"{auth}/models.py": AUTH,
        f"{auth}/base_user.py": BASE,
    }
    venv = put(tmp_path / "venv", django) if is_read else None
    found = scan(put(tmp_path / "project", files), venv=venv)
    (target,) = (edge.target for edge in found.edges if edge.source == "people.Desk")
    assert target == user
