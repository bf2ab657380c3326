"""Lookups are followed over relations, hop by hop, and nothing else is."""

from __future__ import annotations

import pytest

from ramet.tools.assess.facts import Scan

IMPORTS = """
from django.db.models import Count, Exists, F, OuterRef, Prefetch, Q, Subquery, When, Case
from django.shortcuts import get_object_or_404
from orders.models import Line, Order
from products.models import Category, Product, Tag
from users.models import Profile, User
"""


def lookups(project, body: str) -> set[tuple[str, str, str]]:
    scan: Scan = project({"orders/views.py": IMPORTS + body})
    return {
        (edge.source, edge.target, edge.field)
        for edge in scan.edges
        if edge.kind == "lookup" and edge.file == "orders/views.py"
    }


ORDER_LINE = ("orders.Line", "orders.Order", "order__customer__email")
LINE_CUSTOMER = ("orders.Order", "users.User", "order__customer__email")


@pytest.mark.parametrize(
    "query",
    [
        'Line.objects.filter(order__customer__email="a")',
        'Line.objects.exclude(order__customer__email="a")',
        'Line.objects.get(order__customer__email="a")',
        'Line.objects.filter(Q(order__customer__email="a") | Q(pk=1))',
        'Line.objects.filter(~Q(order__customer__email="a"))',
        'Line.objects.filter(**{"order__customer__email": "a"})',
        'Line.objects.order_by("-order__customer__email")',
        'Line.objects.values("order__customer__email")',
        'Line.objects.values_list("pk", "order__customer__email")',
        'Line.objects.annotate(n=Count("order__customer__email"))',
        'Line.objects.annotate(n=Case(When(order__customer__email="a", then=1)))',
        'Line.objects.update(name=F("order__customer__email"))',
        'Line.objects.all().order_by("pk").filter(order__customer__email="a")',
        'get_object_or_404(Line, order__customer__email="a")',
        'get_object_or_404(Line.objects.all(), order__customer__email="a")',
    ],
)
def test_a_lookup_is_followed_hop_by_hop_wherever_it_may_stand(project, query):
    assert lookups(project, query) == {ORDER_LINE, LINE_CUSTOMER}


def test_naming_a_key_alone_joins_nothing(project):
    assert not lookups(
        project,
        """
Line.objects.filter(order=1, product__in=[1], order__pk=2, product__id__in=[3])
Line.objects.values("order")
""",
    )


def test_what_is_loaded_along_is_joined_to_its_end(project):
    assert lookups(project, 'Line.objects.select_related("order__customer")') == {
        ("orders.Line", "orders.Order", "order__customer"),
        ("orders.Order", "users.User", "order__customer"),
    }


def test_the_way_back_has_the_names_that_django_gives_it(project):
    found = lookups(
        project,
        """
User.objects.filter(orders__line__product__stock=0)
Product.objects.filter(tagged__pk=1, line__order__pk=3)
User.objects.filter(profile__pk=1)
""",
    )
    assert {(source, target) for source, target, _ in found} == {
        ("users.User", "orders.Order"),
        ("orders.Order", "orders.Line"),
        ("orders.Line", "products.Product"),
        ("products.Product", "products.Tag"),
        ("products.Product", "orders.Line"),
        ("users.User", "users.Profile"),
    }


def test_a_hidden_way_back_leads_nowhere(project):
    assert not lookups(project, "Product.objects.filter(profile__pk=1)")


def test_prefetching_goes_by_accessors_and_into_its_own_query(project):
    found = lookups(
        project,
        """
User.objects.prefetch_related("orders__line_set")
Order.objects.prefetch_related(Prefetch("line_set", Line.objects.select_related("product")))
User.objects.prefetch_related("orders__line")
""",
    )
    assert found == {
        ("users.User", "orders.Order", "orders__line_set"),
        ("orders.Order", "orders.Line", "orders__line_set"),
        ("orders.Order", "orders.Line", "line_set"),
        ("orders.Line", "products.Product", "product"),
        ("users.User", "orders.Order", "orders__line"),
    }


def test_an_outer_reference_is_one_of_the_query_around(project):
    found = lookups(
        project,
        """
inner = Product.objects.filter(stock=OuterRef("order__customer__email"))
Line.objects.annotate(x=Exists(inner), y=Subquery(Product.objects.values("pk")))
""",
    )
    assert found == {ORDER_LINE, LINE_CUSTOMER}


def test_conditions_kept_in_a_name_are_those_of_the_query_that_gets_them(project):
    found = lookups(
        project,
        """
condition = Q(pk=1)
condition |= Q(order__customer__email="a")
def lines():
    return Line.objects.filter(condition)
""",
    )
    assert found == {ORDER_LINE, LINE_CUSTOMER}


def test_a_query_of_something_unknown_is_a_gap_and_no_guess(project):
    scan = project(
        {"orders/views.py": "def f(kind):\n    kind.objects.filter(order__customer=1)\n"}
    )
    assert not [edge for edge in scan.edges if edge.kind == "lookup"]
    assert [gap.found for gap in scan.gaps if gap.kind == "query-of-unknown-model"] == [
        "once: objects.filter"
    ]


def test_a_name_that_is_bound_again_to_something_unknown_is_unknown(project):
    assert not lookups(
        project,
        """
def f(other):
    found = Line.objects
    found = other()
    found.filter(order__customer__email="a")
""",
    )


@pytest.mark.parametrize(
    ("base", "made"),
    [
        ("models.QuerySet", "Lines.as_manager()"),
        ("models.Manager", "Lines()"),
        ("models.QuerySet", "models.Manager.from_queryset(Lines)()"),
    ],
)
def test_methods_of_managers_and_query_sets_know_their_model(project, base, made):
    scan = project(
        {
            "orders/models.py": f"""
from django.db import models

class Lines({base}):
    def cheap(self):
        return self.filter(order__customer__email="a")

class Order(models.Model):
    customer = models.ForeignKey("users.User", models.CASCADE)

class Line(models.Model):
    order = models.ForeignKey(Order, models.CASCADE)
    objects = {made}
""",
            "orders/views.py": """
from orders.models import Line
Line.objects.cheap().values("order__customer__email")
""",
        }
    )
    assert {
        (edge.source, edge.target, edge.file) for edge in scan.edges if edge.kind == "lookup"
    } == {
        (source, target, file)
        for source, target, _ in (ORDER_LINE, LINE_CUSTOMER)
        for file in ("orders/models.py", "orders/views.py")
    }


def test_each_lookup_has_the_line_where_it_stands(project):
    scan = project(
        {
            "orders/views.py": """\
from orders.models import Line
Line.objects.filter(
    pk=1,
    order__customer__email="a",
).order_by(
    "product__stock"
)
"""
        }
    )
    lines = {edge.field: edge.line for edge in scan.edges if edge.kind == "lookup"}
    assert lines == {"order__customer__email": 4, "product__stock": 6}
