"""A split never opens what the whole project kept closed."""

import json

import pytest

from tests.unit.placement.project import Project

PERMISSION = """\
from rest_framework.permissions import BasePermission
class Nobody(BasePermission):
    def has_permission(self, request, view):
        return False
"""
OPEN_AND_CLOSED = """\
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse
from django.urls import path
@login_not_required
def shown(request):
    return HttpResponse("open")
def closed(request):
    return HttpResponse("closed")
urlpatterns = [path("orders/open/", shown), path("orders/closed/", closed)]
"""
STATUS = "[Client(HTTP_HOST='localhost').get(path).status_code for path in {}]"


def ids(project: Project, **environ: str) -> list[tuple[str, str]]:
    """Id and place of each of Ramet's findings."""
    found = json.loads(project.manage("ramet_check", **environ))
    return [(each["id"], each["where"]) for each in found if each["id"].startswith("ramet.")]


def set_in_settings(project: Project, line: str) -> None:
    """Add a line before the settings are placed."""
    project.replace("small/settings.py", "ramet.place(", f"{line}\nramet.place(")


@pytest.mark.parametrize(
    ("option", "reference"),
    [
        ("DEFAULT_PERMISSION_CLASSES", "small.users.permissions.Nobody"),
        ("DEFAULT_THROTTLE_CLASSES", "small.users.throttles.Slow"),
        ("DEFAULT_AUTHENTICATION_CLASSES", "small.users.authentication.Cards"),
        ("DEFAULT_PAGINATION_CLASS", "small.users.pages.Pages"),
    ],
)
def test_a_class_of_an_absent_service_stops_the_process(
    project: Project, option: str, reference: str
) -> None:
    """Left out of the list, it would let everybody in."""
    value = f'"{reference}"' if option.endswith("CLASS") else f'["{reference}"]'
    set_in_settings(project, f'REST_FRAMEWORK = {{"{option}": {value}}}')
    run = project.run("manage.py", "check", RAMET_SERVICES="orders")
    assert run.returncode == 2
    assert f"settings.REST_FRAMEWORK.{option}: setting-of-absent-service" in run.stderr
    assert f"{reference}, which lies in an app of users, and users is absent" in run.stderr


def test_the_whole_text_for_a_permission(project: Project) -> None:
    """Setting, class, service and remedy."""
    set_in_settings(
        project,
        'REST_FRAMEWORK = {"DEFAULT_PERMISSION_CLASSES": ["small.users.permissions.Nobody"]}',
    )
    assert project.run("manage.py", "check", RAMET_SERVICES="orders").stderr == (
        "settings.REST_FRAMEWORK.DEFAULT_PERMISSION_CLASSES: setting-of-absent-service\n"
        "  found     small.users.permissions.Nobody, which lies in an app of users,"
        " and users is absent from this process\n"
        "  expected  code that every process with this setting has\n"
        "  remedy    Move it to a module that no service owns, or set it on the views of users.\n"
    )


def test_the_monolith_tells_it_before_the_split(project: Project) -> None:
    """As an error of `ramet check`, which looks at all services in one process."""
    project.write("small/users/permissions.py", PERMISSION)
    set_in_settings(
        project,
        'REST_FRAMEWORK = {"DEFAULT_PERMISSION_CLASSES": ["small.users.permissions.Nobody"]}\n'
        'MIDDLEWARE += ["small.users.middleware.Ban"]',
    )
    project.write("small/users/middleware.py", "def Ban(get_response):\n    return get_response\n")
    assert ids(project) == [
        ("ramet.E006", "settings.MIDDLEWARE"),
        ("ramet.E006", "settings.REST_FRAMEWORK.DEFAULT_PERMISSION_CLASSES"),
    ]


def test_a_permission_that_every_process_has_stays(project: Project) -> None:
    """In code that no service owns."""
    project.write("small/permissions.py", PERMISSION)
    set_in_settings(
        project, 'REST_FRAMEWORK = {"DEFAULT_PERMISSION_CLASSES": ["small.permissions.Nobody"]}'
    )
    project.replace("small/orders/urls.py", "permission_classes = [Public]", "pass")
    assert project.evaluate(STATUS.format(["/orders/who/"]), RAMET_SERVICES="orders") == [401]
    assert ids(project) == []


def test_settings_of_drf_belong_to_the_service_that_owns_drf(project: Project) -> None:
    """Where it is absent nobody reads them."""
    project.replace("ramet.toml", '"small.users",', '"small.users", "rest_framework",')
    project.write("small/orders/urls.py", "urlpatterns = []\n")
    set_in_settings(
        project,
        'REST_FRAMEWORK = {"DEFAULT_PERMISSION_CLASSES": ["small.users.permissions.Nobody"]}',
    )
    project.write("small/users/permissions.py", PERMISSION)
    assert project.evaluate("apps.is_installed('small.orders')", RAMET_SERVICES="orders")
    assert ids(project) == []


def test_pages_that_need_a_sign_in_stay_closed_without_django_contrib_auth(
    project: Project,
) -> None:
    """LoginRequiredMiddleware is of django.contrib.auth, which users owns."""
    project.write("small/orders/urls.py", OPEN_AND_CLOSED)
    project.replace(
        "small/settings.py",
        '    "django.contrib.messages.middleware.MessageMiddleware",\n',
        '    "django.contrib.auth.middleware.LoginRequiredMiddleware",\n',
    )
    paths = STATUS.format(["/orders/open/", "/orders/closed/"])
    assert project.evaluate(paths) == [200, 302]
    assert project.evaluate(paths, RAMET_SERVICES="orders") == [200, 401]
    assert ids(project) == []


def test_middleware_of_an_absent_service_stops_the_process(project: Project) -> None:
    """It may be what keeps somebody out."""
    set_in_settings(project, 'MIDDLEWARE += ["small.users.middleware.Ban"]')
    run = project.run("manage.py", "check", RAMET_SERVICES="orders")
    assert run.returncode == 2
    assert run.stderr == (
        "settings.MIDDLEWARE: setting-of-absent-service\n"
        "  found     small.users.middleware.Ban, which lies in an app of users,"
        " and users is absent from this process\n"
        "  expected  code that every process with this setting has\n"
        "  remedy    Move it to a module that no service owns,"
        " or name it in RAMET_OPTIONAL_MIDDLEWARE if only users needs it.\n"
    )


def test_middleware_that_the_project_calls_optional_leaves_with_its_service(
    project: Project,
) -> None:
    """The project knows what only one service needs."""
    set_in_settings(
        project,
        'MIDDLEWARE += ["small.users.middleware.Ban"]\n'
        'RAMET_OPTIONAL_MIDDLEWARE = ["small.users.middleware.Ban"]',
    )
    project.write("small/users/middleware.py", "def Ban(get_response):\n    return get_response\n")
    has_it = "'small.users.middleware.Ban' in settings.MIDDLEWARE"
    assert project.evaluate(has_it)
    assert not project.evaluate(has_it, RAMET_SERVICES="orders")
    assert ids(project) == []
