"""Placing and cancelling orders: each in one transaction over orders, stock and payments."""

from django.db import transaction
from django.utils import timezone

from core import notes
from orders.models import Coupon, Order, OrderLine, StatusChange
from orders.signals import order_cancelled
from payments import services as payments
from payments.models import Payment
from products import stock
from products.models import Product, StockMovement
from products.tasks import SCARCE, report_scarce


class UnknownProducts(Exception):
    """Nothing is sold under these SKUs."""

    def __init__(self, skus):
        super().__init__(f"There is no product {', '.join(sorted(skus))}.")
        self.skus = skus


class CannotBeCancelled(Exception):
    """It was cancelled or delivered before."""


def place(customer, quantities, address, token, coupon_code=""):
    """Take the pieces, take the money, and confirm; nothing of it if anything fails.

    `quantities` are pieces by SKU. Raises UnknownProducts, OutOfStock, PaymentDeclined.
    """
    with transaction.atomic():
        # 1. The products are locked, so the stock that we see is the stock that there is.
        products = stock.lock(quantities)
        if unknown := set(quantities) - set(products):
            raise UnknownProducts(unknown)
        # 2. The order.
        order = Order.objects.create(
            customer=customer, address=address, coupon=_coupon(coupon_code)
        )
        lines = OrderLine.objects.bulk_create(
            OrderLine(
                order=order,
                product=products[sku],
                quantity=quantity,
                price=products[sku].price,
                name=products[sku].name,
            )
            for sku, quantity in quantities.items()
        )
        order.total = sum(line.amount for line in lines)
        if order.coupon:
            order.total -= order.coupon.off(lines)
        order.save(update_fields=["total", "changed_at"])
        StatusChange.objects.create(order=order, status=order.status, by=customer)
        # 3. The stock.
        for line in lines:
            if line.product.stock < line.quantity:
                raise stock.OutOfStock(line.product)
            StockMovement.objects.create(
                product=line.product,
                kind=StockMovement.Kind.SOLD,
                quantity=-line.quantity,
                order=order,
            )
            line.product.stock -= line.quantity
        Product.objects.bulk_update(products.values(), ["stock"])
        # 4. The money. Once it is captured, a receiver of Payment's post_save confirms the order.
        payment = Payment.objects.create(order=order, customer=customer, authorised=order.total)
        payments.charge(payment, token)
        # 5. Somebody should order more.
        if any(product.stock <= SCARCE for product in products.values()):
            transaction.on_commit(report_scarce.delay)
    return order


def cancel(order, by, reason):
    """Undo an order: stock and money go back. Raises CannotBeCancelled."""
    with transaction.atomic():
        order = Order.objects.select_for_update().get(pk=order.pk)
        if not order.can_be_cancelled:
            raise CannotBeCancelled
        order.status = Order.Status.CANCELLED
        order.reason = reason
        order.save(update_fields=["status", "reason", "changed_at"])
        StatusChange.objects.create(order=order, status=order.status, by=by)
        order_cancelled.send(Order, order=order)
        for payment in order.payments.filter(state=Payment.State.CAPTURED):
            payments.refund(payment, by=by, reason=order.get_reason_display())
        if by and by.is_staff:
            notes.leave(order, f"cancelled by {by.username}", by)
    return order


def _coupon(code):
    """The coupon of that code, if it still counts."""
    if not code:
        return None
    coupon = Coupon.objects.filter(code__iexact=code).first()
    if coupon is None or (coupon.ends_at and coupon.ends_at < timezone.now()):
        return None
    return coupon
