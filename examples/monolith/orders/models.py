"""Orders, their lines and what happened to them."""

from decimal import Decimal

from django.conf import settings
from django.contrib.contenttypes.fields import GenericRelation
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q, Sum

from core.models import Attributed, Note, TimeStamped
from core.money import in_cents
from products.models import Category, Product
from users.models import Address


class Coupon(Attributed):
    """So many percent off, for what is in certain categories, or for everything."""

    code = models.CharField(max_length=20, unique=True)
    percent = models.PositiveSmallIntegerField(validators=[MaxValueValidator(100)])
    categories = models.ManyToManyField(Category, blank=True, related_name="coupons")
    ends_at = models.DateTimeField(null=True, blank=True)

    def __str__(self):
        return self.code

    def off(self, lines):
        """What it takes off, in euros."""
        only = set(self.categories.values_list("pk", flat=True))
        price = sum(
            line.price * line.quantity
            for line in lines
            if not only or line.product.category_id in only
        )
        return in_cents(price * self.percent / 100)


class OrderQuerySet(models.QuerySet):
    def open(self):
        """Those that may still be cancelled."""
        return self.exclude(status=Order.Status.CANCELLED).filter(delivered_at=None)

    def of(self, user):
        return self.filter(customer=user)

    def with_everything(self):
        """What a page about orders shows, in few queries."""
        return self.select_related("customer__profile", "address", "coupon").prefetch_related(
            "lines__product__category", "payments__refunds", "status_changes__by"
        )

    def unpaid(self):
        return self.exclude(payments__state="captured")


class Order(TimeStamped):
    """What a customer wants. `total` is in euros."""

    class Status(models.TextChoices):
        PENDING = "pending"
        CONFIRMED = "confirmed"
        CANCELLED = "cancelled"

    class Reason(models.TextChoices):
        EXPIRED = "expired"
        BY_CUSTOMER = "by_customer", "at your wish"
        BY_BANK = "by_bank", "the bank took the money back"

    customer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="orders")
    address = models.ForeignKey(Address, models.PROTECT, related_name="orders")
    coupon = models.ForeignKey(
        Coupon, models.SET_NULL, null=True, blank=True, related_name="orders"
    )
    status = models.CharField(max_length=9, choices=Status.choices, default=Status.PENDING)
    reason = models.CharField(max_length=11, choices=Reason.choices, blank=True)
    total = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    delivered_at = models.DateTimeField(null=True, blank=True)
    notes = GenericRelation(Note)

    objects = OrderQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status="cancelled") ^ Q(reason=""),
                name="orders_reason_when_cancelled",
            ),
        ]

    def __str__(self):
        return f"{self.pk} {self.status}"

    def paid(self):
        """What was taken for this order and not given back, in euros."""
        from payments.models import Payment  # payments imports orders

        sums = Payment.objects.filter(order=self).aggregate(paid=Sum(F("captured") - F("refunded")))
        return sums["paid"] or Decimal(0)

    @property
    def can_be_cancelled(self):
        return self.status != self.Status.CANCELLED and self.delivered_at is None


class OrderLine(TimeStamped):
    """So many pieces of one product, with name and price as they were that day."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="lines")
    product = models.ForeignKey(Product, models.PROTECT, related_name="order_lines")
    quantity = models.PositiveIntegerField()
    price = models.DecimalField(max_digits=10, decimal_places=2)
    name = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["created_at"]
        constraints = [
            models.UniqueConstraint(fields=["order", "product"], name="orders_one_line_each"),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="orders_quantity_positive"),
        ]

    def __str__(self):
        return f"{self.quantity} x {self.name}"

    @property
    def amount(self):
        return self.price * self.quantity


class StatusChange(TimeStamped):
    """What happened to an order, when, and by whom."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="status_changes")
    status = models.CharField(max_length=9, choices=Order.Status.choices)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["created_at"]

    def __str__(self):
        return f"{self.status} {self.created_at:%H:%M:%S}"
