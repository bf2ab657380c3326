"""Admins, forms, serializers, views and migrations declare which models they are about."""

from __future__ import annotations

from tests.unit.tools.assess.linking.edges import ends


def test_an_admin_ties_its_model_to_inlines_and_to_what_it_lists(project):
    scan = project(
        {
            "products/admin.py": """
from django.contrib import admin
from orders.models import Line
from products.models import Product

class LineInline(admin.TabularInline):
    model = Line

@admin.register(Product)
class ProductAdmin(admin.ModelAdmin):
    inlines = [LineInline]
    search_fields = ["^line__order__customer__email", "stock"]
    list_filter = [("category", admin.RelatedOnlyFieldListFilter), "stock"]
"""
        }
    )
    assert ends(scan, "admin") == {
        ("products", "orders.Line"),
        ("products.Product", "orders.Line"),
        ("orders.Line", "orders.Order"),
        ("orders.Order", "users.User"),
        ("products.Product", "products.Category"),
    }


def test_an_admin_is_known_by_its_registration_too(project):
    scan = project(
        {
            "users/admin.py": """
from django.contrib import admin
from orders.models import Order

class OrderAdmin(admin.ModelAdmin):
    def buyer(self, obj):
        return obj.customer.email

admin.site.register(Order, OrderAdmin)
"""
        }
    )
    assert ends(scan, "admin") == {("users", "orders.Order")}
    assert ends(scan, "accessor") == {("orders.Order", "users.User")}


def test_a_form_ties_its_app_and_its_model_to_those_of_its_fields(project):
    scan = project(
        {
            "users/forms.py": """
from django import forms
from orders.models import Order
from products.models import Category

class OrderForm(forms.ModelForm):
    category = forms.ModelChoiceField(queryset=Category.objects.all())

    class Meta:
        model = Order
        fields = ["customer"]

class Search(forms.Form):
    category = forms.ModelChoiceField(Category.objects.all())
"""
        }
    )
    assert ends(scan, "form") == {
        ("users", "orders.Order"),
        ("users", "products.Category"),
        ("orders.Order", "products.Category"),
        ("orders.Order", "users.User"),
    }


def test_a_serializer_ties_its_model_to_nested_ones_and_to_sources(project):
    scan = project(
        {
            "orders/serializers.py": """
from orders.models import Line, Order
from products.models import Category, Product
from rest_framework import serializers

class ProductSerializer(serializers.ModelSerializer):
    class Meta:
        model = Product
        fields = ["stock"]

class LineSerializer(serializers.ModelSerializer):
    product = ProductSerializer()
    buyer = serializers.CharField(source="order.customer.email")
    category = serializers.PrimaryKeyRelatedField(queryset=Category.objects.all())

    class Meta:
        model = Line
        fields = ["product", "buyer", "category"]
"""
        }
    )
    assert ends(scan, "serializer") == {
        ("orders", "products.Product"),
        ("orders.Line", "products.Product"),
        ("orders.Line", "orders.Order"),
        ("orders.Order", "users.User"),
        ("orders.Line", "products.Category"),
    }


def test_a_generic_view_writes_its_model_without_a_line_of_code(project):
    scan = project(
        {
            "users/views.py": """
from django.views.generic import CreateView, DetailView
from orders.models import Order
from products.models import Product

class Buy(CreateView):
    model = Order

class Look(DetailView):
    model = Product
"""
        }
    )
    views = {one.name: (one.kind, one.reads, one.writes) for one in scan.functions}
    assert views == {
        "users.views.Buy": ("view", ["orders.Order"], ["orders.Order"]),
        "users.views.Look": ("view", ["products.Product"], []),
    }


def test_a_migration_depends_on_apps_and_may_touch_their_models(project):
    scan = project(
        {
            "orders/migrations/__init__.py": "",
            "orders/migrations/0001_initial.py": """
from django.conf import settings
from django.db import migrations, models

def fill(apps, schema_editor):
    Product = apps.get_model("products", "Product")
    for product in Product.objects.all():
        product.save()

class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("products", "0001_initial"),
        ("orders", "0000_before"),
    ]
    operations = [
        migrations.CreateModel("Gone", fields=[("x", models.ForeignKey("products.Tag"))]),
        migrations.RunPython(fill),
        migrations.RunSQL("UPDATE users_profile SET user_id = 1"),
    ]
""",
        }
    )
    assert ends(scan, "migration") == {("orders", "users.User"), ("orders", "products")}
    assert not ends(scan, "settings", "orders/migrations/0001_initial.py")
    assert ends(scan, "get_model") == {("orders", "products.Product")}
    assert ends(scan, "raw_sql") == {("orders", "users.Profile")}
    fill = next(one for one in scan.functions if one.name.endswith(".fill"))
    assert (fill.kind, fill.writes) == ("migration", ["products.Product"])
