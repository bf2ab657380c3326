"""Payments in the admin; nobody changes the books."""

from django.contrib import admin

from core.admin import AttributedAdmin, NoteInline
from payments.models import LedgerEntry, Payment, Refund, WebhookEvent


class RefundInline(admin.TabularInline):
    model = Refund
    extra = 0


class LedgerEntryInline(admin.TabularInline):
    model = LedgerEntry
    extra = 0
    readonly_fields = ["account", "amount", "refund"]


@admin.register(Payment)
class PaymentAdmin(AttributedAdmin):
    list_display = ["order", "customer", "state", "captured", "refunded"]
    list_select_related = ["order__customer", "customer"]
    list_filter = ["state", "order__status"]
    search_fields = ["reference", "customer__email", "order__address__city"]
    inlines = [RefundInline, LedgerEntryInline, NoteInline]


admin.site.register(WebhookEvent)
