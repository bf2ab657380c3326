"""Names in texts lead to other apps: URLs, templates, permissions, commands, settings, paths."""

from __future__ import annotations

import pytest

from tests.unit.tools.assess.linking.edges import ends, fields

URLS = {
    "config/urls.py": """
from django.urls import include, path
urlpatterns = [
    path("o/", include("orders.urls", namespace="shop")),
    path("p/", include("products.urls")),
]
""",
    "orders/urls.py": """
from django.urls import path
from orders import views
urlpatterns = [path("", views.show, name="detail"), path("l", views.show, name="list")]
""",
    "orders/views.py": "def show(request):\n    pass\n",
    "products/urls.py": """
from django.contrib.auth.decorators import login_required
from django.urls import path
from products.views import Show
app_name = "products"
urlpatterns = [
    path("", login_required(Show.as_view()), name="detail"), path("", Show.as_view(), name="one")
]
""",
    "products/views.py": "from django.views import View\nclass Show(View):\n    pass\n",
}


@pytest.mark.parametrize(
    ("use", "target"),
    [
        ('reverse("shop:detail")', "orders"),
        ('reverse_lazy("products:detail")', "products"),
        ('redirect("shop:list")', "orders"),
        ('reverse("products:one")', "products"),
        ('reverse("detail")', None),
        ('reverse("nowhere:detail")', None),
        ('redirect("/orders/")', None),
    ],
)
def test_the_name_of_a_url_leads_to_the_app_that_answers_it(project, use, target):
    head = "from django.shortcuts import redirect\nfrom django.urls import reverse, reverse_lazy\n"
    scan = project({**URLS, "users/views.py": f"{head}x = {use}\n"})
    assert ends(scan, "url") == ({("users", target)} if target else set())


def test_templates_include_extend_and_name_those_of_other_apps(project):
    scan = project(
        {
            **URLS,
            "orders/templates/orders/base.html": "",
            "products/templates/products/card.html": "",
            "products/templatetags/__init__.py": "",
            "products/templatetags/prices.py": "",
            "users/templates/users/home.html": """\
{% extends "orders/base.html" %}
{% load i18n prices %}
{% include 'products/card.html' with a=1 %}
{% url 'shop:detail' pk %}
{% if perms.products.change_product %}{% include name %}{% endif %}
""",
        }
    )
    assert fields(scan, "template") == {
        ("users", "orders", "orders/base.html", 1),
        ("users", "products", "prices", 2),
        ("users", "products", "products/card.html", 3),
    }
    assert fields(scan, "url") == {("users", "orders", "shop:detail", 4)}
    assert fields(scan, "permission") == {
        ("users", "products.Product", "products.change_product", 5)
    }


def test_a_template_that_two_apps_have_leads_to_none(project):
    scan = project(
        {
            "orders/templates/base.html": "",
            "products/templates/base.html": "",
            "users/views.py": "from django.shortcuts import render\n"
            "def f(request):\n    return render(request, 'base.html')\n",
        }
    )
    assert not ends(scan, "template")


@pytest.mark.parametrize(
    ("use", "target"),
    [
        ('user.has_perm("orders.add_order")', "orders.Order"),
        ('user.has_perms(["orders.cancel"])', "orders"),
        ('permission_required("orders.view_line")', "orders.Line"),
        ('user.has_perm("elsewhere.add_order")', None),
    ],
)
def test_a_permission_leads_to_its_model_or_its_app(project, use, target):
    head = "from django.contrib.auth.decorators import permission_required\n"
    scan = project({"users/views.py": f"{head}def f(user):\n    {use}\n"})
    assert ends(scan, "permission") == ({("users", target)} if target else set())


@pytest.mark.parametrize(
    ("kind", "use", "target"),
    [
        ("get_model", 'apps.get_model("orders", "Order")', "orders.Order"),
        ("get_model", 'apps.get_model("orders.order")', "orders.Order"),
        ("get_model", "apps.get_model(app, model)", None),
        ("import_string", 'import_string("orders.models.Order")', "orders"),
        ("import_string", 'import_module("orders.models")', "orders"),
        ("import_string", 'import_string("elsewhere.models.Order")', None),
        ("content_type", "ContentType.objects.get_for_model(Order)", "orders.Order"),
        (
            "content_type",
            'ContentType.objects.get(app_label="orders", model="order")',
            "orders.Order",
        ),
        ("command", 'call_command("tidy")', "orders"),
        ("settings", "settings.BACKEND", "orders"),
        ("settings", "settings.DEBUG", None),
    ],
)
def test_what_is_asked_for_by_name_leads_to_its_app(project, kind, use, target):
    scan = project(
        {
            "orders/management/__init__.py": "",
            "orders/management/commands/__init__.py": "",
            "orders/management/commands/tidy.py": "",
            "users/services.py": f"""
from importlib import import_module
from django.apps import apps
from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.utils.module_loading import import_string
from orders.models import Order

def f(app, model):
    return {use}
""",
        },
        settings='BACKEND = "orders.models.Order"\nDEBUG = True\n',
    )
    assert ends(scan, kind, "users/services.py") == ({("users", target)} if target else set())


def test_middleware_and_commands_lead_to_the_models_of_other_apps(project):
    scan = project(
        {
            "users/middleware.py": """
from orders.models import Order
from users.models import Profile

class Basket:
    def __call__(self, request):
        Order.objects.first()
        Profile.objects.first()
""",
            "users/management/__init__.py": "",
            "users/management/commands/__init__.py": "",
            "users/management/commands/tidy.py": """
from django.core.management import BaseCommand
from products.models import Product

class Command(BaseCommand):
    def handle(self, **options):
        Product.objects.all().delete()
""",
        },
        settings='MIDDLEWARE = ["users.middleware.Basket"]\n',
    )
    assert ends(scan, "middleware") == {("users", "orders.Order")}
    assert ends(scan, "command") == {("users", "products.Product")}
    assert {one.kind for one in scan.functions if "commands" in one.name} == {"command"}
