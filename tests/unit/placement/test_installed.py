"""Labels are read from the source, as Django will see them."""

from pathlib import Path

import pytest

from ramet.placement.installed import InstalledApp, installed_app
from tests.unit.placement.project import Project

APPS = {
    "plain/__init__.py": "",
    "shop/people/__init__.py": "",
    "shop/people/apps.py": """\
from django.apps import AppConfig
class PeopleConfig(AppConfig):
    name = "shop.people"
    label: str = "accounts"
""",
    "two/__init__.py": "",
    "two/apps.py": """\
from django.apps import AppConfig
class Simple(AppConfig):
    name = "two"
    label = "simple"
class Full(Simple):
    default = True
    label = "full"
""",
    "shop/admin/__init__.py": "",
    "shop/admin/apps.py": """\
from two import apps
from ..people.apps import PeopleConfig as Base
class Inherited(apps.Full):
    pass
class Relative(Base):
    name = "shop.admin"
""",
}


@pytest.mark.parametrize(
    ("entry", "name", "label"),
    [
        ("plain", "plain", "plain"),
        ("shop.people", "shop.people", "accounts"),
        ("shop.people.apps.PeopleConfig", "shop.people", "accounts"),
        ("two", "two", "full"),
        ("two.apps.Simple", "two", "simple"),
        ("shop.admin.apps.Inherited", "two", "full"),
        ("shop.admin.apps.Relative", "shop.admin", "accounts"),
        ("absent.apps.NowhereConfig", "absent", "absent"),
        ("django.contrib.admin", "django.contrib.admin", "admin"),
        ("django.contrib.admin.apps.SimpleAdminConfig", "django.contrib.admin", "admin"),
    ],
)
def test_an_entry_names_an_app_and_its_label(
    tmp_path: Path, entry: str, name: str, label: str
) -> None:
    """Whether it is a module or a class, whose bases may lie elsewhere."""
    for path, text in APPS.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    assert installed_app(entry, tmp_path) == InstalledApp(name, label)


CONFIG = """\
from django.apps import AppConfig
class UsersConfig(AppConfig):
    name = "small.users"
    label = "accounts"
"""


@pytest.fixture
def labelled(project: Project) -> Project:
    """The project whose users app has a label of its own."""
    project.write("small/users/apps.py", CONFIG)
    project.replace("small/settings.py", "users.User", "accounts.User")
    project.replace("small/orders/models.py", "users.User", "accounts.User")
    return project


def test_a_remote_key_to_an_app_with_a_label_of_its_own_is_right_everywhere(
    labelled: Project,
) -> None:
    """Where its service lives, the model is found; elsewhere the label tells whose it is."""
    for place in ("", "orders"):
        found = labelled.manage("ramet_check", RAMET_SERVICES=place)
        assert "ramet.E005" not in found


def test_a_user_model_leaves_with_its_app_whatever_its_label_is(labelled: Project) -> None:
    """Else django.contrib.auth, which nobody owns here, could not start."""
    assert labelled.evaluate("settings.AUTH_USER_MODEL") == "accounts.User"
    assert labelled.evaluate("settings.AUTH_USER_MODEL", RAMET_SERVICES="orders") == "auth.User"


def test_an_app_leaves_with_its_service_whatever_class_names_it(project: Project) -> None:
    """A project's own AdminConfig lies outside django.contrib.admin."""
    project.write(
        "small/admin.py",
        "from django.contrib.admin.apps import AdminConfig\n"
        "class OurAdminConfig(AdminConfig):\n    pass\n",
    )
    project.replace("small/settings.py", '"django.contrib.admin"', '"small.admin.OurAdminConfig"')
    installed = "apps.is_installed('django.contrib.admin')"
    assert project.evaluate(installed)
    assert not project.evaluate(installed, RAMET_SERVICES="orders")
