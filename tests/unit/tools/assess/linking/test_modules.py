"""Apps have the names that INSTALLED_APPS gives them, wherever their folders are."""

from __future__ import annotations

from pathlib import Path

import pytest

from ramet.tools.assess.facts import Scan
from ramet.tools.assess.linking.modules import is_migration, is_test
from ramet.tools.assess.scanning import scan

MODELS = "from django.db import models\n\n\nclass {}(models.Model):\n    pass\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """An empty project's folder, with two apps `users` and `orders` in `apps`."""
    folder = tmp_path / "project"
    for app in ("users", "orders"):
        (folder / "apps" / app).mkdir(parents=True)
        (folder / "apps" / app / "__init__.py").write_text("")
    (folder / "apps/users/models.py").write_text(MODELS.format("User"))
    (folder / "manage.py").write_text(
        'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")\n'
    )
    return folder


def found(folder: Path, prefix: str) -> Scan:
    """A scan where INSTALLED_APPS and imports name the apps with a prefix."""
    (folder / "settings.py").write_text(f'INSTALLED_APPS = ["{prefix}users", "{prefix}orders"]\n')
    (folder / "apps/orders/models.py").write_text(
        f"from django.db import models\nfrom {prefix}users.models import User\n\n\n"
        "class Order(models.Model):\n    user = models.ForeignKey(User, models.CASCADE)\n"
    )
    return scan(folder)


@pytest.mark.parametrize("prefix", ["", "apps."])
@pytest.mark.parametrize("is_package", [True, False])
def test_apps_in_a_folder_have_the_names_that_the_settings_give_them(
    project: Path, prefix: str, is_package: bool
) -> None:
    if is_package:
        (project / "apps/__init__.py").write_text("")
    result = found(project, prefix)
    assert {app.package: app.file for app in result.apps} == {
        f"{prefix}users": "apps/users",
        f"{prefix}orders": "apps/orders",
    }
    assert [(edge.source, edge.target) for edge in result.edges if edge.kind == "fk"] == [
        ("orders.Order", "users.User")
    ]


def test_an_app_without_an_init_file_has_the_name_of_where_it_lies(tmp_path: Path) -> None:
    """Its migrations have one, and what they lie in is no folder that names count from."""
    for path, text in {
        "portal/__init__.py": "",
        "portal/settings.py": 'INSTALLED_APPS = ["portal.news"]\n',
        "portal/news/migrations/__init__.py": "",
        "portal/news/templatetags/__init__.py": "",
        "portal/news/models.py": MODELS.format("Item"),
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    found = scan(tmp_path)
    assert [(app.label, app.package) for app in found.apps] == [("news", "portal.news")]
    assert [model.label for model in found.models] == ["news.Item"]


def test_a_package_that_is_installed_is_not_looked_for_in_folders_of_its_name(
    project: Path,
) -> None:
    for folder in ("one/celery", "two/celery"):
        (project / folder).mkdir(parents=True)
        (project / folder / "__init__.py").write_text("")
    result = found(project, "apps.")
    assert {app.package for app in result.apps} == {"apps.users", "apps.orders"}


def test_a_package_that_is_installed_is_no_folder_of_its_name_beside_apps_of_the_project(
    project: Path,
) -> None:
    """One entry that could be counted from `apps` does not say that all that is there is."""
    for folder in ("apps", "apps/invitations"):
        (project / folder).mkdir(exist_ok=True)
        (project / folder / "__init__.py").write_text("")
    (project / "apps/invitations/views.py").write_text("")
    found(project, "apps.")
    with (project / "settings.py").open("a") as settings:
        settings.write('INSTALLED_APPS += ["invitations"]\n')
    assert {(app.package, app.is_own) for app in scan(project).apps} == {
        ("apps.users", True),
        ("apps.orders", True),
        ("invitations", False),
    }


@pytest.mark.parametrize(
    ("path", "is_one"),
    [
        ("shop/tests/models.py", True),
        ("shop/tests.py", True),
        ("shop/test_views.py", True),
        ("conftest.py", True),
        ("shop/views_test.py", True),
        ("shop/contest/models.py", False),
        ("shop/latest.py", False),
        ("shop/testimonials/models.py", False),
    ],
)
def test_tests_are_known_by_their_names(path: str, is_one: bool) -> None:
    assert is_test(path) is is_one


@pytest.mark.parametrize(
    ("path", "is_one"),
    [("shop/migrations/0001_initial.py", True), ("shop/migrations.py", False)],
)
def test_migrations_are_known_by_their_folder(path: str, is_one: bool) -> None:
    assert is_migration(path) is is_one
