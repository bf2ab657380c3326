"""The catalogue in the admin, with the orders that each product is in."""

from django.contrib import admin

from core.admin import AttributedAdmin, NoteInline
from orders.models import OrderLine
from products.models import Category, Product, Review, StockMovement, Supplier


class StockMovementInline(admin.TabularInline):
    model = StockMovement
    extra = 0
    raw_id_fields = ["order"]


class ReviewInline(admin.TabularInline):
    model = Review
    extra = 0
    raw_id_fields = ["user", "order_line"]


class OrderLineInline(admin.TabularInline):
    model = OrderLine
    extra = 0
    readonly_fields = ["order", "quantity", "price"]


@admin.register(Product)
class ProductAdmin(AttributedAdmin):
    list_display = ["sku", "name", "category", "price", "stock", "rating"]
    list_filter = ["category", "supplier"]
    search_fields = ["sku", "name", "order_lines__order__customer__username"]
    inlines = [StockMovementInline, ReviewInline, OrderLineInline, NoteInline]


@admin.register(Supplier)
class SupplierAdmin(AttributedAdmin):
    list_display = ["name", "email", "contact"]


admin.site.register(Category)
