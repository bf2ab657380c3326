"""Payments and the ledger. Money is captured once, and never from nothing: the database says so."""

from uuid import uuid4

from django.db import models
from django.db.models import F, Q

import ramet


class Payment(models.Model):
    """The one payment of an order. Amounts are in euros.

    `authorised` is what is held or was taken, `captured` what was taken, `refunded` what of that
    went back. `attempts` counts authorisations asked of the provider, failed ones included;
    `reference` is known before the first, so a PENDING payment without one holds nothing.
    A row in state VOIDED that never was authorised is a tombstone: see `services.void`.
    """

    class State(models.TextChoices):
        """PENDING is where it begins; DECLINED, VOIDED and REFUNDED are where it ends.

        VOIDING: whether the provider holds money is not known, and it is to let go of it.
        """

        PENDING = "pending"
        AUTHORISED = "authorised"
        CAPTURED = "captured"
        DECLINED = "declined"
        VOIDING = "voiding"
        VOIDED = "voided"
        REFUNDED = "refunded"

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    order_id = ramet.RemoteKey("orders.Order", unique=True)
    customer_id = ramet.RemoteKey("users.User", null=True)
    provider = models.CharField(max_length=40)
    reference = models.CharField(max_length=200, blank=True, db_index=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    decline_reason = models.CharField(max_length=200, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    authorised = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    captured = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    refunded = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(refunded__gte=0)
                & Q(refunded__lte=F("captured"))
                & Q(captured__lte=F("authorised")),
                name="payments_no_money_from_nothing",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order_id} {self.state}"


class Movement(models.Model):
    """One movement of money in the ledger; its entries sum to zero."""

    class Kind(models.TextChoices):
        """What moves it. A payment has each at most once, above all the capture."""

        AUTHORISE = "authorise"
        VOID = "void"
        CAPTURE = "capture"
        REFUND = "refund"

    payment = models.ForeignKey(Payment, models.PROTECT, related_name="movements")
    kind = models.CharField(max_length=9, choices=Kind.choices)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["payment", "kind"], name="payments_each_movement_once"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.payment_id}"


class Entry(models.Model):
    """One side of a movement: `amount` comes to `account`, or leaves it where negative."""

    movement = models.ForeignKey(Movement, models.PROTECT, related_name="entries")
    account = models.CharField(max_length=60, db_index=True)
    amount = models.DecimalField(max_digits=14, decimal_places=2)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(amount=0), name="payments_entry_moves_money"),
        ]

    def __str__(self) -> str:
        return f"{self.account} {self.amount}"


class ProviderEvent(models.Model):
    """What a provider told by webhook, once each: providers repeat themselves."""

    provider = models.CharField(max_length=40)
    event_id = models.CharField(max_length=200)
    type = models.CharField(max_length=100)
    reference = models.CharField(max_length=200, blank=True)
    received_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "event_id"], name="payments_each_provider_event_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.event_id}"
