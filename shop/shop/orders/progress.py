"""What becomes of a placed order: each function moves it on under its lock, and may be repeated."""

from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

import ramet
from shop.money import Money
from shop.orders.contract import UnknownOrder
from shop.orders.events import OrderCancelled, OrderConfirmed
from shop.orders.models import Happening, Order

Status = Order.Status
Reason = Order.Reason


def note(order_id: UUID, what: str) -> None:
    """Write `what` on the order's timeline; the first time counts."""
    Happening.objects.get_or_create(order_id=order_id, what=what)


@transaction.atomic
def price(order_id: UUID, total: Money) -> None:
    """The stock is reserved, at this price."""
    Order.objects.filter(pk=order_id).update(total=total.amount)
    note(order_id, "reserved")


@transaction.atomic
def confirm(order_id: UUID) -> bool:
    """The order is paid and sold. True if the customer has asked for its cancellation meanwhile."""
    order = _locked(order_id)
    if order.status == Status.PENDING:
        order.status = Status.CONFIRMED
        order.payment_token = ""
        order.save(update_fields=["status", "payment_token"])
        note(order_id, "confirmed")
        total: Decimal | None = order.total
        ramet.publish(
            OrderConfirmed(
                order_id=order_id, customer_id=order.customer_id, total=Money.of(total or 0)
            )
        )
    return order.status == Status.CONFIRMED and order.cancel_requested_at is not None


@transaction.atomic
def close(order_id: UUID, reason: str) -> None:
    """The order holds neither stock nor money: it is cancelled, for the first reason given."""
    order = _locked(order_id)
    if order.status == Status.CANCELLED:
        return
    order.status = Status.CANCELLED
    order.reason = reason
    order.payment_token = ""
    order.save(update_fields=["status", "reason", "payment_token"])
    note(order_id, "cancelled")
    ramet.audit("order.cancelled", subject=order_id, reason=reason)
    ramet.publish(OrderCancelled(order_id=order_id, customer_id=order.customer_id, reason=reason))


@transaction.atomic
def request_cancel(order_id: UUID, customer_id: UUID | None = None) -> tuple[Order, bool]:
    """Note that the order shall be cancelled; True if that falls to a saga of its own.

    A pending order's saga sees the note at its next decision. Asking again changes nothing.
    Raises UnknownOrder, also for an order that is not this customer's (None: anybody's).
    """
    mine = Order.objects.select_for_update().filter(pk=order_id)
    order = (mine if customer_id is None else mine.filter(customer_id=customer_id)).first()
    if order is None:
        raise UnknownOrder(order_id=order_id)
    if order.status == Status.CANCELLED or order.cancel_requested_at is not None:
        return order, False
    Order.objects.filter(pk=order_id).update(cancel_requested_at=Now())
    note(order_id, "cancel_requested")
    ramet.audit("order.cancel-requested", subject=order_id)
    return order, order.status == Status.CONFIRMED


def _locked(order_id: UUID) -> Order:
    return Order.objects.select_for_update().get(pk=order_id)
