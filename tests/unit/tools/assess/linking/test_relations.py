"""Every way to relate two models is seen, with its target, its line and nothing invented."""

from __future__ import annotations

from textwrap import dedent

import pytest

from ramet.tools.assess.facts import Edge, Scan
from tests.unit.tools.assess.linking.conftest import Project

HEAD = """
from django.db import models
from django.conf import settings
"""


def relations(scan: Scan, source: str) -> dict[str, tuple[str, str]]:
    """Kind and target of a model's relations by field."""
    kinds = ("fk", "o2o", "m2m", "gfk", "generic_relation", "mti_parent", "proxy")
    found = [edge for edge in scan.edges if edge.source == source and edge.kind in kinds]
    assert len({edge.field for edge in found}) == len(found)
    return {edge.field: (edge.kind, edge.target) for edge in found}


def edge(scan: Scan, source: str, field: str) -> Edge:
    """The one relation of a field."""
    [found] = [each for each in scan.edges if (each.source, each.field) == (source, field)]
    return found


def more(text: str) -> dict[str, str]:
    """One more module of models in the app of products, imported by its models."""
    head = "from products.more import *\nfrom django.db import models\n"
    category = "class Category(models.Model):\n    pass\n"
    return {
        "products/more.py": HEAD + dedent(text),
        "products/models.py": head + category + "class Product(models.Model):\n    pass\n",
    }


@pytest.mark.parametrize(
    ("target", "label"),
    [
        ('"self"', "products.Odd"),
        ('"Product"', "products.Product"),
        ('"products.Product"', "products.Product"),
        ('"products.product"', "products.Product"),
        ("to='orders.Order'", "orders.Order"),
        ("settings.AUTH_USER_MODEL", "users.User"),
        ("get_user_model()", "users.User"),
        ("getattr(settings, 'NOT_SET', 'orders.Line')", "orders.Line"),
        ("settings.ORDER_MODEL", "orders.Order"),
        ("apps.get_model('orders', 'Order')", "orders.Order"),
        ("apps.get_model('orders.Order')", "orders.Order"),
        ("swapper.get_model_name('orders', 'Order')", "orders.Order"),
        ("TARGET", "orders.Order"),
        ("CONSTANTS['order']", "orders.Order"),
        ("f'{APP}.Order'", "orders.Order"),
        ("'%s.Order' % APP", "orders.Order"),
        ("APP + '.Order'", "orders.Order"),
        ("Profile", "users.Profile"),
        ("people.Profile", "users.Profile"),
    ],
)
def test_a_target_is_seen_however_it_is_named(project: Project, target: str, label: str) -> None:
    scan = project(
        more(
            f"""
            import swapper
            from django.apps import apps
            from django.contrib.auth import get_user_model
            from users import models as people
            from users.models import Profile

            APP = "orders"
            TARGET = "orders.Order"
            CONSTANTS = {{"order": TARGET}}

            class Odd(models.Model):
                to = models.ForeignKey({target}, on_delete=models.CASCADE)
            """
        ),
        settings='ORDER_MODEL = "orders.Order"\n',
    )
    assert relations(scan, "products.Odd") == {"to": ("fk", label)}


FLAGGED = """
from django.conf import settings
TEAMS = getattr(settings, "SHOP_TEAMS", True)
if TEAMS:
    OWNER = "products.Tag"
else:
    OWNER = settings.AUTH_USER_MODEL
if not settings.SHOP_TEAMS:
    KEEPER = settings.AUTH_USER_MODEL
elif settings.NOBODY_KNOWS:
    KEEPER = "products.Tag"
else:
    KEEPER = "products.Category"
"""


@pytest.mark.parametrize(
    ("setting", "owner", "keeper"),
    [
        ("", "products.Tag", "users.User"),
        ("SHOP_TEAMS = True", "products.Tag", "products.Tag"),
        ("SHOP_TEAMS = False", "users.User", "users.User"),
        ("SHOP_TEAMS = False\nNOBODY_KNOWS = False", "users.User", "users.User"),
        ("SHOP_TEAMS = True\nNOBODY_KNOWS = False", "products.Tag", "products.Category"),
    ],
)
def test_of_what_an_if_assigns_the_settings_choose_and_else_the_first_counts(
    project: Project, setting: str, owner: str, keeper: str
) -> None:
    models = more(
        """
            from orders import options

            class Flagged(models.Model):
                owner = models.ForeignKey(options.OWNER, models.CASCADE)
                keeper = models.ForeignKey(options.KEEPER, models.CASCADE)
        """
    )
    found = project({"orders/options.py": FLAGGED, **models}, settings=setting)
    assert relations(found, "products.Flagged") == {
        "owner": ("fk", owner),
        "keeper": ("fk", keeper),
    }


def test_a_field_says_where_it_is_defined_and_from_which_base(project: Project) -> None:
    scan = project(
        {
            "products/bases.py": HEAD
            + dedent(
                """
                class Owned(models.Model):
                    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)

                    class Meta:
                        abstract = True
                """
            ),
            **more(
                """
                from products.bases import Owned

                class Odd(Owned):
                    pass
                """
            ),
        }
    )
    found = edge(scan, "products.Odd", "owner")
    assert (found.file, found.line) == ("products/bases.py", 6)
    assert found.note == "from products.bases.Owned"


def test_fields_come_down_in_the_order_of_inheritance_unless_a_name_hides_them(
    project: Project,
) -> None:
    scan = project(
        more(
            """
            class Base(models.Model):
                one = models.ForeignKey("orders.Order", models.CASCADE)
                two = models.ForeignKey("orders.Order", models.CASCADE)
                three = models.ForeignKey("orders.Order", models.CASCADE)
                four = models.ForeignKey("orders.Order", models.CASCADE)
                class Meta:
                    abstract = True

            class Other(models.Model):
                one = models.ForeignKey("users.User", models.CASCADE)
                five = models.ForeignKey("users.User", models.CASCADE)
                class Meta:
                    abstract = True

            class Hiding:
                four = None

            class Odd(Hiding, Base, Other):
                two = None
                def three(self): ...
            """
        )
    )
    assert relations(scan, "products.Odd") == {
        "one": ("fk", "orders.Order"),
        "five": ("fk", "users.User"),
    }


def test_a_bare_name_in_an_abstract_base_is_of_the_concrete_model_s_app(project: Project) -> None:
    scan = project(
        {
            "users/bases.py": HEAD
            + dedent(
                """
                class Linked(models.Model):
                    to = models.ForeignKey("Product", models.CASCADE)
                    class Meta:
                        abstract = True
                """
            ),
            **more("from users.bases import Linked\nclass Odd(Linked):\n    pass\n"),
        }
    )
    assert relations(scan, "products.Odd") == {"to": ("fk", "products.Product")}


def test_a_concrete_parent_is_a_link_and_an_explicit_one_has_its_own_name(
    project: Project,
) -> None:
    scan = project(
        more(
            """
            from orders.models import Order

            class Gift(Order):
                pass

            class Named(Order):
                whole = models.OneToOneField(Order, models.CASCADE, parent_link=True)

            class Half(Order):
                class Meta:
                    abstract = True

            class Quarter(Half):
                pass

            class Alias(Gift):
                class Meta:
                    proxy = True

            class Deeper(Alias):
                class Meta:
                    proxy = True

            class OfAlias(Alias):
                pass
            """
        )
    )
    assert relations(scan, "products.Gift") == {"order_ptr": ("mti_parent", "orders.Order")}
    assert relations(scan, "products.Named") == {"whole": ("mti_parent", "orders.Order")}
    assert relations(scan, "products.Quarter") == {"order_ptr": ("mti_parent", "orders.Order")}
    assert relations(scan, "products.Alias") == {"": ("proxy", "products.Gift")}
    assert relations(scan, "products.Deeper") == {"": ("proxy", "products.Alias")}
    assert relations(scan, "products.OfAlias") == {"gift_ptr": ("mti_parent", "products.Gift")}


def test_many_to_many_names_its_table_automatic_or_explicit(project: Project) -> None:
    scan = project(
        more(
            """
            class Odd(models.Model):
                plain = models.ManyToManyField("orders.Order")
                named = models.ManyToManyField("orders.Order", through="Link", related_name="+")

            class Link(models.Model):
                odd = models.ForeignKey(Odd, models.CASCADE)
                order = models.ForeignKey("orders.Order", models.CASCADE)
            """
        )
    )
    assert edge(scan, "products.Odd", "plain").through == "products.Odd_plain"
    assert edge(scan, "products.Odd", "named").through == "products.Link"
    assert "products.Odd_plain" not in {model.label for model in scan.models}


def test_generic_relations_lead_to_any_model_and_back(project: Project) -> None:
    scan = project(
        more(
            """
            from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation
            from django.contrib.contenttypes.models import ContentType

            class Note(models.Model):
                kind = models.ForeignKey(ContentType, models.CASCADE)
                about = GenericForeignKey("kind", "object_id")

            class Odd(models.Model):
                notes = GenericRelation(Note)
            """
        )
    )
    assert relations(scan, "products.Note") == {
        "kind": ("fk", "contenttypes.ContentType"),
        "about": ("gfk", "*"),
    }
    assert relations(scan, "products.Odd") == {"notes": ("generic_relation", "products.Note")}


@pytest.mark.parametrize(
    "field",
    [
        "OwnKey('orders.Order')",
        "OrderKey()",
        "DefaultKey()",
        "PassedKey()",
        "ImportedKey()",
        "order_key()",
        "prepared()",
        "deprecated(models.ForeignKey('orders.Order', models.CASCADE))",
        "unknown_package.TreeForeignKey('orders.Order', models.CASCADE)",
        "models.ForeignKey('orders.Order', models.CASCADE) if FLAG else None",
    ],
)
def test_a_field_is_seen_whoever_makes_it(project: Project, field: str) -> None:
    scan = project(
        more(
            f"""
            from functools import partial
            import unknown_package
            from unknown_package import deprecated

            class OwnKey(models.ForeignKey):
                pass

            class OrderKey(models.ForeignKey):
                def __init__(self, **kwargs):
                    kwargs["to"] = "orders.Order"
                    super().__init__(**kwargs)

            class DefaultKey(models.ForeignKey):
                def __init__(self, **kwargs):
                    kwargs.setdefault("to", "orders.Order")
                    super().__init__(**kwargs)

            class PassedKey(OwnKey):
                def __init__(self, **kwargs):
                    super().__init__("orders.Order", models.CASCADE, **kwargs)

            class ImportedKey(models.ForeignKey):
                def __init__(self, **kwargs):
                    from orders.models import Order
                    kwargs.setdefault("to", Order)
                    super().__init__(**kwargs)

            def order_key(**options):
                return models.ForeignKey("orders.Order", models.CASCADE, **options)

            prepared = partial(models.ForeignKey, "orders.Order", on_delete=models.CASCADE)
            FLAG = True

            class Odd(models.Model):
                to = {field}
            """
        )
    )
    assert relations(scan, "products.Odd") == {"to": ("fk", "orders.Order")}


def test_known_packages_fields_and_bases_have_their_relations_without_their_source(
    project: Project,
) -> None:
    scan = project(
        more(
            """
            from django.contrib.auth.models import PermissionsMixin
            from filer.fields.image import FilerImageField
            from taggit.managers import TaggableManager
            from polymorphic.models import PolymorphicModel

            class Odd(PolymorphicModel):
                picture = FilerImageField(on_delete=models.CASCADE)
                tags = TaggableManager()

            class Member(PermissionsMixin):
                pass
            """
        )
    )
    assert relations(scan, "products.Odd") == {
        "polymorphic_ctype": ("fk", "contenttypes.ContentType"),
        "picture": ("fk", "filer.Image"),
        "tags": ("m2m", "taggit.Tag"),
        "tagged_items": ("generic_relation", "taggit.TaggedItem"),
    }
    assert relations(scan, "products.Member") == {
        "groups": ("m2m", "auth.Group"),
        "user_permissions": ("m2m", "auth.Permission"),
    }


def test_tags_through_a_model_of_the_project_lead_to_its_own_tag(project: Project) -> None:
    scan = project(
        more(
            """
            from taggit.managers import TaggableManager
            from taggit.models import GenericTaggedItemBase

            class Label(models.Model):
                pass

            class Labelled(GenericTaggedItemBase):
                tag = models.ForeignKey(Label, models.CASCADE)

            class Odd(models.Model):
                tags = TaggableManager(through="Labelled")
            """
        )
    )
    assert relations(scan, "products.Odd") == {
        "tags": ("m2m", "products.Label"),
        "tagged_items": ("generic_relation", "products.Labelled"),
    }


def test_a_name_that_the_project_s_own_module_does_not_bind_is_no_target(project: Project) -> None:
    scan = project(
        more(
            """
            from users.models import Missing

            class Odd(models.Model):
                to = models.ForeignKey(Missing, models.CASCADE)
            """
        )
    )
    assert relations(scan, "products.Odd") == {}
    assert [gap.line for gap in scan.gaps if gap.kind == "unresolved-relation"] == [8]


def test_what_is_no_model_or_no_field_gives_no_relation(project: Project) -> None:
    scan = project(
        more(
            """
            from django import forms
            from rest_framework import serializers

            class OddForm(forms.ModelForm):
                to = forms.ModelChoiceField(None)
                class Meta:
                    model = None

            class OddSerializer(serializers.ModelSerializer):
                to = serializers.PrimaryKeyRelatedField(queryset=None)

            class Plain:
                to = models.ForeignKey("orders.Order", models.CASCADE)

            class Base(models.Model):
                to = models.ForeignKey("orders.Order", models.CASCADE)
                class Meta:
                    abstract = True
            """
        )
    )
    names = {model.label for model in scan.models if model.app == "products"}
    assert names == {"products.Category", "products.Product"}
