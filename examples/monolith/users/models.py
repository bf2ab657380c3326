"""People, where they live, and the letters that the shop owes them."""

from decimal import Decimal

from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models
from django.db.models import Q, Sum

from core.models import TimeStamped


class People(UserManager):
    """Addresses are stored in lower case."""

    @classmethod
    def normalize_email(cls, email):
        return super().normalize_email(email).lower()

    def customers(self):
        """Those who have bought something."""
        return self.filter(orders__status="confirmed").distinct()


class User(AbstractUser, TimeStamped):
    """Somebody with an account."""

    objects = People()

    email = models.EmailField(unique=True)

    def spent(self):
        """What the shop has taken from this customer, in euros, less what went back."""
        taken = self.payments.aggregate(captured=Sum("captured"), refunded=Sum("refunded"))
        return (taken["captured"] or Decimal(0)) - (taken["refunded"] or Decimal(0))

    def open_orders(self):
        """Orders that are neither delivered nor cancelled."""
        from orders.models import Order  # orders imports users

        return Order.objects.open().filter(customer=self)

    def has_bought(self, product):
        """Whether a review of the product would be one of a buyer."""
        return self.orders.filter(status="confirmed", lines__product=product).exists()


class Address(TimeStamped):
    """Where parcels go. One that an order went to is never deleted, only retired."""

    user = models.ForeignKey(User, models.CASCADE, related_name="addresses")
    name = models.CharField(max_length=100)
    street = models.CharField(max_length=200)
    postcode = models.CharField(max_length=20)
    city = models.CharField(max_length=100)
    country = models.CharField(max_length=2, default="IE")
    is_retired = models.BooleanField(default=False)

    class Meta:
        verbose_name_plural = "addresses"

    def __str__(self):
        return f"{self.name}, {self.street}, {self.postcode} {self.city}, {self.country}"


class Profile(TimeStamped):
    """What the shop knows of somebody beside their account."""

    user = models.OneToOneField(User, models.CASCADE, related_name="profile")
    phone = models.CharField(max_length=40, blank=True)
    wants_news = models.BooleanField(default=False)
    default_address = models.ForeignKey(
        Address, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    def __str__(self):
        return f"profile of {self.user_id}"


class Letter(TimeStamped):
    """A mail that is owed to somebody, about their account or about one of their orders."""

    class Kind(models.TextChoices):
        WELCOME = "welcome"
        CONFIRMATION = "confirmation"
        CANCELLATION = "cancellation"

    user = models.ForeignKey(User, models.CASCADE, related_name="letters")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    order = models.ForeignKey("orders.Order", models.CASCADE, null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "order"],
                condition=Q(order__isnull=False),
                name="users_letter_owed_once",
            ),
        ]

    def __str__(self):
        return f"{self.kind} to {self.user_id}"
