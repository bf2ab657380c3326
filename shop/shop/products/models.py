"""The catalogue and its stock. That no piece appears or vanishes is a rule of the database."""

from typing import Any
from uuid import uuid4

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q

import ramet
from shop.products.contract import SKU_PATTERN

SKU = RegexValidator(
    SKU_PATTERN,
    "A SKU has up to 40 letters, digits and hyphens, and does not begin with a hyphen.",
)


class Product(models.Model):
    """Something for sale. `price` is in euros.

    Every piece ever supplied is in exactly one of `stock` (can still be bought), `reserved` (held
    for an order) and `sold`.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    sku = models.CharField(max_length=40, unique=True, validators=[SKU])
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True, max_length=5000)
    category = models.CharField(max_length=80)
    price = models.DecimalField(max_digits=10, decimal_places=2)
    supplied = models.PositiveIntegerField(default=0)
    stock = models.PositiveIntegerField(default=0)
    reserved = models.PositiveIntegerField(default=0)
    sold = models.PositiveIntegerField(default=0)
    version = models.PositiveBigIntegerField(default=1, db_default=1)
    """Counts the changes of what other services copy: name and price."""
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [
            models.Index(fields=["name", "sku"], name="products_by_name"),
            models.Index(fields=["category", "name"], name="products_by_category"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(price__gte=0), name="products_price_not_negative"),
            models.CheckConstraint(
                condition=Q(stock__gte=0) & Q(reserved__gte=0) & Q(sold__gte=0),
                name="products_pieces_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(supplied=F("stock") + F("reserved") + F("sold")),
                name="products_every_piece_accounted_for",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.sku})"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save; a new product's first pieces are supplied with it."""
        if self._state.adding:
            self.supplied = self.stock + self.reserved + self.sold
        super().save(*args, **kwargs)


class Reservation(models.Model):
    """The stock of one order, from the first word about it on.

    A row in state RELEASED without items is a tombstone: the release overtook its reservation,
    which will be refused when it arrives.
    """

    class State(models.TextChoices):
        """HELD is where it begins; RELEASED and RETURNED are where it ends."""

        HELD = "held"
        SOLD = "sold"
        RELEASED = "released"
        RETURNED = "returned"

    order_id = ramet.RemoteKey("orders.Order", primary_key=True)
    state = models.CharField(max_length=8, choices=State.choices)
    price = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"{self.order_id} {self.state}"


class ReservedItem(models.Model):
    """So many pieces of one product for one order, at the price of that moment."""

    reservation = models.ForeignKey(Reservation, models.CASCADE, related_name="items")
    product = models.ForeignKey(Product, models.PROTECT, related_name="+")
    quantity = models.PositiveIntegerField()
    price = models.DecimalField(max_digits=10, decimal_places=2)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["reservation", "product"], name="products_one_item_each"
            ),
            models.CheckConstraint(
                condition=Q(quantity__gte=1), name="products_item_quantity_positive"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} x {self.product_id}"
