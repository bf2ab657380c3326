"""People in the admin, with what they have bought."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin

from orders.models import Order
from products.models import Review
from users.models import Address, Letter, Profile, User


class ProfileInline(admin.StackedInline):
    model = Profile


class AddressInline(admin.TabularInline):
    model = Address
    extra = 0


class OrderInline(admin.TabularInline):
    model = Order
    extra = 0
    fields = ["status", "total", "created_at"]
    readonly_fields = fields
    show_change_link = True


class ReviewInline(admin.TabularInline):
    model = Review
    extra = 0


@admin.register(User)
class UserAdmin(DjangoUserAdmin):
    inlines = [ProfileInline, AddressInline, OrderInline, ReviewInline]


@admin.register(Letter)
class LetterAdmin(admin.ModelAdmin):
    list_display = ["kind", "user", "order", "sent_at", "error"]
    list_select_related = ["user", "order"]
    search_fields = ["user__username", "order__lines__product__name"]
