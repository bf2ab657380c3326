"""The catalogue and its stock."""

from django.conf import settings
from django.contrib.contenttypes.fields import GenericRelation
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Count, F, Q, Sum
from django.urls import reverse

from core.models import Attributed, Note, TimeStamped


class Category(TimeStamped):
    """A shelf of the shop; shelves may stand within others."""

    name = models.CharField(max_length=80, unique=True)
    parent = models.ForeignKey(
        "self", models.CASCADE, null=True, blank=True, related_name="children"
    )

    class Meta:
        verbose_name_plural = "categories"
        ordering = ["name"]

    def __str__(self):
        return self.name


class Supplier(Attributed):
    """Who delivers to the shop."""

    name = models.CharField(max_length=120, unique=True)
    email = models.EmailField(blank=True)
    contact = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="suppliers"
    )

    def __str__(self):
        return self.name


class ProductQuerySet(models.QuerySet):
    def available(self):
        """What can be bought."""
        return self.filter(is_withdrawn=False, stock__gt=0)

    def best_rated(self):
        return self.filter(rating__isnull=False).order_by("-rating")

    def with_sales(self):
        """With `pieces_sold` and `buyers`, of orders that were paid."""
        paid = Q(order_lines__order__status="confirmed")
        return self.annotate(
            pieces_sold=Sum("order_lines__quantity", filter=paid, default=0),
            buyers=Count("order_lines__order__customer", filter=paid, distinct=True),
        )


class Product(Attributed):
    """Something for sale. `price` is in euros, `stock` what can still be bought."""

    sku = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    category = models.ForeignKey(Category, models.PROTECT, related_name="products")
    supplier = models.ForeignKey(
        Supplier, models.SET_NULL, null=True, blank=True, related_name="products"
    )
    price = models.DecimalField(max_digits=10, decimal_places=2)
    stock = models.PositiveIntegerField(default=0)
    rating = models.DecimalField(max_digits=3, decimal_places=2, null=True, editable=False)
    is_withdrawn = models.BooleanField(default=False)
    notes = GenericRelation(Note)

    objects = ProductQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=Q(price__gte=0), name="products_price_not_negative"),
        ]

    def __str__(self):
        return f"{self.name} ({self.sku})"

    def get_absolute_url(self):
        return reverse("storefront:product", args=[self.sku])

    def bought_together(self, limit=4):
        """What else was in the orders that this product was in."""
        from orders.models import OrderLine  # orders imports products

        orders = OrderLine.objects.filter(product=self).values("order")
        return (
            Product.objects.available()
            .filter(order_lines__order__in=orders)
            .exclude(pk=self.pk)
            .annotate(times=Count("order_lines"))
            .order_by("-times", "name")[:limit]
        )


class StockMovement(TimeStamped):
    """Pieces that came or went. A product's stock is the sum of its movements."""

    class Kind(models.TextChoices):
        SUPPLIED = "supplied"
        SOLD = "sold"
        RETURNED = "returned"

    product = models.ForeignKey(Product, models.CASCADE, related_name="movements")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    quantity = models.IntegerField(help_text="less than none: they left")
    order = models.ForeignKey(
        "orders.Order", models.PROTECT, null=True, blank=True, related_name="stock_movements"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="supplied") | Q(order__isnull=False),
                name="products_movement_has_reason",
            ),
        ]

    def __str__(self):
        return f"{self.quantity:+} {self.product_id}"


class Review(TimeStamped):
    """What a customer says about a product."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="reviews")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="reviews")
    order_line = models.ForeignKey(
        "orders.OrderLine", models.SET_NULL, null=True, blank=True, related_name="reviews"
    )
    rating = models.PositiveSmallIntegerField(
        validators=[MinValueValidator(1), MaxValueValidator(5)]
    )
    text = models.TextField(blank=True)

    class Meta:
        ordering = [F("order_line").asc(nulls_last=True), "-created_at"]
        constraints = [
            models.UniqueConstraint(fields=["product", "user"], name="products_one_review_each"),
        ]

    def __str__(self):
        return f"{self.rating} for {self.product_id}"
