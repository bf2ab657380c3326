"""Payments, refunds and the books."""

from django.conf import settings
from django.contrib.contenttypes.fields import GenericRelation
from django.db import models
from django.db.models import F, Q

from core.models import Attributed, Note, TimeStamped
from orders.models import Order


class Payment(TimeStamped):
    """Money for an order, in euros. `captured` was taken, `refunded` of that went back."""

    class State(models.TextChoices):
        PENDING = "pending"
        CAPTURED = "captured"
        DECLINED = "declined"
        REFUNDED = "refunded"

    order = models.ForeignKey(Order, models.PROTECT, related_name="payments")
    customer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="payments")
    provider = models.CharField(max_length=40, default="sandbox")
    reference = models.CharField(max_length=200, blank=True, db_index=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.PENDING)
    authorised = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    captured = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    refunded = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    notes = GenericRelation(Note)

    class Meta:
        ordering = ["created_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(refunded__lte=F("captured")) & Q(captured__lte=F("authorised")),
                name="payments_no_money_from_nothing",
            ),
        ]

    def __str__(self):
        return f"{self.state} {self.authorised}"


class Refund(Attributed):
    """Money that went back, and why."""

    payment = models.ForeignKey(Payment, models.PROTECT, related_name="refunds")
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    reason = models.CharField(max_length=200, blank=True)

    def __str__(self):
        return f"{self.amount} of {self.payment_id}"


class LedgerEntry(TimeStamped):
    """One side of a booking: `amount` comes to `account`, or leaves it where negative."""

    payment = models.ForeignKey(Payment, models.PROTECT, related_name="entries")
    refund = models.ForeignKey(
        Refund, models.PROTECT, null=True, blank=True, related_name="entries"
    )
    account = models.CharField(max_length=60, db_index=True)
    amount = models.DecimalField(max_digits=14, decimal_places=2)

    class Meta:
        verbose_name_plural = "ledger entries"

    def __str__(self):
        return f"{self.account} {self.amount}"


class WebhookEvent(TimeStamped):
    """What a bank told us, once each: banks repeat themselves."""

    provider = models.CharField(max_length=40)
    event_id = models.CharField(max_length=200)
    type = models.CharField(max_length=100)
    payment = models.ForeignKey(
        Payment, models.SET_NULL, null=True, blank=True, related_name="webhook_events"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "event_id"], name="payments_each_event_once"
            ),
        ]

    def __str__(self):
        return f"{self.provider} {self.event_id}"
