"""Apps that cannot be where the settings and ramet.toml put them are named before Django fails."""

import pytest

from tests.unit.placement.project import Project

WITHOUT_ADMIN = (', "django.contrib.admin"', "")


def test_an_app_that_nobody_owns_cannot_need_what_a_service_owns(project: Project) -> None:
    """The admin's log refers to users and to content types; the whole text."""
    project.replace("ramet.toml", *WITHOUT_ADMIN)
    run = project.run("manage.py", "check", RAMET_SERVICES="orders")
    assert (run.returncode, run.stderr) == (
        2,
        "settings.INSTALLED_APPS: app-needs-absent-app\n"
        '  found     "django.contrib.admin", which no service owns, and whose models need'
        " django.contrib.contenttypes of users\n"
        "  expected  an app beside those that its models refer to\n"
        '  remedy    Add "django.contrib.admin" to the apps of [services.users] in ramet.toml:'
        " it is then absent where users is.\n",
    )


def test_where_the_needed_service_lives_nothing_is_wrong(project: Project) -> None:
    """A check warns of it there (ramet.W001)."""
    project.replace("ramet.toml", *WITHOUT_ADMIN)
    assert project.evaluate("apps.is_installed('django.contrib.admin')", RAMET_SERVICES="users")


@pytest.mark.parametrize(
    ("models", "is_refused"),
    [
        ("from django.contrib.auth.models import Group", True),
        ("from small.users.models import User", True),
        (
            "from django.conf import settings\nfrom django.db import models\n"
            "class Note(models.Model):\n"
            "    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)",
            True,
        ),
        ("from django.contrib.auth.hashers import make_password", False),
        ("try:\n    from django.contrib.auth.models import Group\nexcept ImportError: pass", False),
        ("def later():\n    from django.contrib.auth.models import Group", False),
    ],
)
def test_what_a_models_module_needs_is_read_from_its_source(
    project: Project, models: str, is_refused: bool
) -> None:
    """Only what surely runs counts; libraries of an absent app may be used."""
    project.write("small/notes/__init__.py", "")
    project.write("small/notes/models.py", models)
    project.replace("small/settings.py", '"small.payments",', '"small.payments", "small.notes",')
    run = project.run("-c", "import small.settings", RAMET_SERVICES="orders")
    assert ('"small.notes", which no service owns' in run.stderr) == is_refused
    assert bool(run.returncode) == is_refused


def test_an_app_of_a_service_that_is_not_installed_is_told(project: Project) -> None:
    """By place, in each process of that service and in no other; the whole text."""
    project.replace("small/settings.py", '    "small.payments",\n', "")
    run = project.run("manage.py", "check")
    assert (run.returncode, run.stderr) == (
        2,
        "settings.INSTALLED_APPS: app-not-installed\n"
        '  found     no "small.payments", an app of payments in ramet.toml\n'
        "  expected  every app of the services that live here\n"
        '  remedy    Add "small.payments" to INSTALLED_APPS, or remove it from'
        " [services.payments].\n",
    )
    assert project.run("manage.py", "check", RAMET_SERVICES="orders").returncode == 0
