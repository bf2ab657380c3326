"""Orders in the admin, with their payments and what left the stock for them."""

from django.contrib import admin, messages

from core.admin import AttributedAdmin, NoteInline
from orders import services
from orders.models import Coupon, Order, OrderLine, StatusChange
from payments.models import Payment
from products.models import StockMovement


class OrderLineInline(admin.TabularInline):
    model = OrderLine
    extra = 0
    autocomplete_fields = ["product"]


class StatusChangeInline(admin.TabularInline):
    model = StatusChange
    extra = 0
    readonly_fields = ["status", "by", "created_at"]


class PaymentInline(admin.TabularInline):
    model = Payment
    extra = 0
    readonly_fields = ["state", "authorised", "captured", "refunded"]


class StockMovementInline(admin.TabularInline):
    model = StockMovement
    extra = 0


@admin.register(Order)
class OrderAdmin(AttributedAdmin):
    list_display = ["pk", "customer", "status", "total", "created_at"]
    list_filter = ["status", "payments__state", "lines__product__category"]
    list_select_related = ["customer"]
    search_fields = ["customer__username", "customer__email", "lines__product__sku"]
    inlines = [
        OrderLineInline,
        PaymentInline,
        StockMovementInline,
        StatusChangeInline,
        NoteInline,
    ]
    actions = ["cancel"]

    @admin.action(description="Cancel, with stock and money", permissions=["change"])
    def cancel(self, request, orders):
        if not request.user.has_perm("payments.add_refund"):
            self.message_user(request, "You may not refund.", messages.ERROR)
            return
        for order in orders.open():
            services.cancel(order, by=request.user, reason=Order.Reason.BY_CUSTOMER)


@admin.register(Coupon)
class CouponAdmin(AttributedAdmin):
    list_display = ["code", "percent", "ends_at"]
    filter_horizontal = ["categories"]
