"""Orders and what happened to them; of products and people, copies of what orders show."""

from uuid import uuid4

from django.db import models
from django.db.models import Q

import ramet
from shop.products.contract import Products
from shop.products.events import ProductChanged, ProductRemoved
from shop.users.contract import Users
from shop.users.events import UserNamed, UserRemoved


class Order(models.Model):
    """What a customer wants. `total` is in euros and unknown until the stock is reserved.

    `payment_token` is forgotten as soon as the order is settled.
    """

    class Status(models.TextChoices):
        """PENDING is where it begins; a confirmed order can still be cancelled."""

        PENDING = "pending"
        CONFIRMED = "confirmed"
        CANCELLED = "cancelled"

    class Reason(models.TextChoices):
        """Why an order was cancelled."""

        OUT_OF_STOCK = "out_of_stock"
        PAYMENT_DECLINED = "payment_declined"
        EXPIRED = "expired"
        BY_CUSTOMER = "by_customer"

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    customer_id = ramet.RemoteKey("users.User")
    status = models.CharField(max_length=9, choices=Status.choices, default=Status.PENDING)
    reason = models.CharField(max_length=16, choices=Reason.choices, blank=True)
    payment_token = models.CharField(max_length=200, blank=True)
    total = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    cancel_requested_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [
            models.Index(fields=["customer_id", "-created_at"], name="orders_of_customer"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=(Q(status="cancelled") & ~Q(reason=""))
                | (~Q(status="cancelled") & Q(reason="")),
                name="orders_reason_when_cancelled",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.id} {self.status}"


class Line(models.Model):
    """So many pieces of one product, in the order in which they were asked for."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="lines")
    position = models.PositiveSmallIntegerField()
    sku = models.CharField(max_length=40)
    quantity = models.PositiveIntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["order", "position"], name="orders_line_position"),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="orders_quantity_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} x {self.sku}"


class Happening(models.Model):
    """One thing that happened to an order. Each happens once, however often a step is repeated."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="timeline")
    what = models.CharField(max_length=20)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["order", "what"], name="orders_happens_once"),
        ]

    def __str__(self) -> str:
        return f"{self.what} {self.at:%H:%M:%S}"


class PlacementKey(models.Model):
    """An idempotency key of a customer, the fingerprint of what came with it, and the answer.

    See https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
    """

    customer_id = ramet.RemoteKey("users.User")
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    order = models.OneToOneField(Order, models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["customer_id", "key"], name="orders_key_used_once"),
        ]

    def __str__(self) -> str:
        return self.key


class Product(ramet.Replica):
    """A product as last heard of: an order shows its name, and what it will about cost."""

    id = models.UUIDField(primary_key=True)
    sku = models.CharField(max_length=40, db_index=True)
    name = models.CharField(max_length=200)
    price = models.DecimalField(max_digits=10, decimal_places=2)

    class Source:
        """By id and not by SKU, which may be given to another product later."""

        upsert = ProductChanged
        delete = ProductRemoved
        export = Products.export
        version = "version"
        fields = {"id": "product_id", "price": "price.amount"}

    def __str__(self) -> str:
        return f"{self.name} ({self.sku})"


class Customer(ramet.Replica):
    """The name of somebody with an account, for whoever packs the order; gone with the account."""

    id = models.UUIDField(primary_key=True)
    name = models.CharField(max_length=301)

    class Source:
        """The name to show is all that users tells."""

        upsert = UserNamed
        delete = UserRemoved
        export = Users.export
        version = "version"
        fields = {"id": "user_id"}

    def __str__(self) -> str:
        return self.name
