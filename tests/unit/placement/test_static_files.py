"""Static files: one address for each process, a hash in each name, a year in a browser."""

import re

import pytest

from tests.unit.placement.project import Project

STATIC = '"django.contrib.staticfiles",\n    "rest_framework",'


@pytest.fixture
def project(project: Project) -> Project:
    """The small project with Django's staticfiles and a file of orders."""
    project.replace("small/settings.py", '"rest_framework",', STATIC)
    project.replace("small/settings.py", "ramet.place(", 'STATIC_URL = "static/"\nramet.place(')
    folder = project.folder / "small" / "orders" / "static" / "orders"
    folder.mkdir(parents=True)
    (folder / "page.css").write_text("p { color: green }")
    (folder / "lib.0123456789ab.js").write_text("1")
    return project


def get(project: Project, *paths: str) -> list[list[object]]:
    """Status, Cache-Control and body of each, asked of orders alone."""
    found: list[list[object]] = project.evaluate(
        "[[a.status_code, a.get('Cache-Control'), a.getvalue().decode()] for a in"
        f" (Client().get(path, headers={{'host': 'localhost'}}) for path in {paths!r})]",
        RAMET_SERVICES="orders",
    )
    return found


def url(project: Project, name: str) -> str:
    """What {% static %} says in orders."""
    static = f"__import__('django.templatetags.static').templatetags.static.static({name!r})"
    return str(project.evaluate(static, RAMET_SERVICES="orders"))


@pytest.mark.parametrize(
    ("services", "prefix"),
    [("orders", "/orders/static/"), ("orders,payments", "/orders/static/"), ("", "/users/static/")],
)
def test_the_address_is_one_that_the_gateway_sends_here(
    project: Project, services: str, prefix: str
) -> None:
    """`/static/` is in no route of this project."""
    assert project.evaluate("settings.STATIC_URL", RAMET_SERVICES=services) == prefix


def test_an_address_inside_an_own_route_stays(project: Project) -> None:
    """As with a storefront that has `/`; not so for the services beside it."""
    project.replace("ramet.toml", 'routes = ["/payments/"]', 'routes = ["/"]')
    here = {name: project.evaluate("settings.STATIC_URL", RAMET_SERVICES=name)
            for name in ("payments", "orders")}  # fmt: skip
    assert here == {"payments": "/static/", "orders": "/orders/static/"}


def test_a_file_may_be_kept_for_a_year_at_its_hashed_name(project: Project) -> None:
    """And is found without collectstatic."""
    found = url(project, "orders/page.css")
    assert re.fullmatch(r"/orders/static/orders/page\.[0-9a-f]{12}\.css", found)
    kept = "public, max-age=31536000, immutable"
    assert get(project, found) == [[200, kept, "p { color: green }"]]


def test_at_any_other_name_it_is_asked_for_again(project: Project) -> None:
    """An old page gets the present file rather than none, but nobody keeps it under that name."""
    names = ("page.css", "page.000000000000.css")
    answers = get(project, *(f"/orders/static/orders/{name}" for name in names))
    assert answers == [[200, "no-cache", "p { color: green }"]] * 2


def test_a_file_whose_own_name_looks_hashed_is_found(project: Project) -> None:
    """Bundlers name their files so."""
    plain = "/orders/static/orders/lib.0123456789ab.js"
    hashed, as_written = get(project, url(project, "orders/lib.0123456789ab.js"), plain)
    assert hashed[1:] == ["public, max-age=31536000, immutable", "1"]
    assert as_written[1:] == ["no-cache", "1"]


def test_nothing_else_is_served(project: Project) -> None:
    """Only what the finders find."""
    names = ["no.css", "../models.py", "%2e%2e/models.py", "orders/", "a%00", "/etc/passwd"]
    answers = get(project, *(f"/orders/static/{name}" for name in names))
    assert {status for status, *_ in answers} <= {400, 404}


def test_a_missing_file_is_an_error_where_it_is_named(project: Project) -> None:
    """A typo in a template is found by its first test."""
    run = project.run(
        "-c",
        "import django; django.setup()\n"
        "from django.templatetags.static import static; static('orders/pgae.css')",
        DJANGO_SETTINGS_MODULE="small.settings",
    )
    assert "The file 'orders/pgae.css' could not be found" in run.stderr


@pytest.mark.parametrize(
    ("line", "expression", "expected"),
    [
        ('STATIC_URL = "https://cdn.example/"', "settings.STATIC_URL", "https://cdn.example/"),
        (
            'STORAGES = {"staticfiles": {"BACKEND": "x.Y"}}',
            "settings.STORAGES['staticfiles']['BACKEND']",
            "x.Y",
        ),
    ],
)
def test_what_the_project_has_chosen_stays(
    project: Project, line: str, expression: str, expected: str
) -> None:
    """A CDN, or whitenoise."""
    project.replace("small/settings.py", 'STATIC_URL = "static/"', line)
    assert project.evaluate(expression, RAMET_SERVICES="orders") == expected
    assert "orders/static/" not in project.evaluate(
        "str([str(each.pattern) for each in __import__('ramet').urls()])", RAMET_SERVICES="orders"
    )


def test_with_debug_names_are_as_django_has_them(project: Project) -> None:
    """Its runserver serves them by these names."""
    project.replace("small/settings.py", "ramet.place(", "DEBUG = True\nramet.place(")
    found = url(project, "orders/page.css")
    assert found == "/orders/static/orders/page.css"
