"""How an order is fulfilled, and how a fulfilled one is undone.

A step may run again after a crash, so what it calls is idempotent by order. Steps that call other
services run outside a transaction; those that decide something about the order run inside one.
"""

from uuid import UUID

import ramet
from shop.money import Money
from shop.orders import progress
from shop.orders.models import Line, Order
from shop.payments.contract import Declined, Payments
from shop.products.contract import Line as StockLine
from shop.products.contract import OutOfStock, Products, UnknownProduct

Reason = Order.Reason


class CancelledByCustomer(ramet.Refused):
    """The customer changed their mind before the money was taken."""


# Which refusal cancels an order for which reason; anything else let it expire.
REASONS = {
    OutOfStock.__name__: Reason.OUT_OF_STOCK,
    UnknownProduct.__name__: Reason.OUT_OF_STOCK,
    Declined.__name__: Reason.PAYMENT_DECLINED,
    CancelledByCustomer.__name__: Reason.BY_CUSTOMER,
}


class CancelOrder(ramet.Saga, version=1, key="order_id"):
    """Undo a confirmed order. There is no way back, so the first step is the pivot."""

    order_id: UUID

    @ramet.step(pivot=True)
    def refund(self) -> None:
        ramet.client(Payments).refund(self.order_id)
        progress.note(self.order_id, "refunded")

    @ramet.step()
    def restock(self) -> None:
        ramet.client(Products).restock(self.order_id)
        progress.note(self.order_id, "restocked")

    @ramet.step(atomic=True)
    def close(self) -> None:
        progress.close(self.order_id, Reason.BY_CUSTOMER)


class PlaceOrder(ramet.Saga, version=1, key="order_id"):
    """Reserve, authorise, decide; then capture, sell, confirm. Up to the decision all is undone."""

    order_id: UUID
    total: Money | None = None

    # The first step has nothing to do but to be undone last: when stock and money are back.
    @ramet.step(undo="cancel", atomic=True)
    def open(self) -> None:
        progress.note(self.order_id, "accepted")

    def cancel(self) -> None:
        progress.close(self.order_id, self._reason())

    @ramet.step(undo="release", attempts=6, timeout="60s")
    def reserve(self) -> None:
        lines = [
            StockLine(sku=line.sku, quantity=line.quantity)
            for line in Line.objects.filter(order_id=self.order_id)
        ]
        self.total = ramet.client(Products).reserve(self.order_id, lines)
        progress.price(self.order_id, self.total)

    def release(self) -> None:
        ramet.client(Products).release(self.order_id)
        progress.note(self.order_id, "released")

    # A bank may take 5 s for an answer, and fail a few times before it gives one.
    @ramet.step(undo="void", attempts=6, timeout="90s")
    def authorise(self) -> None:
        assert self.total is not None  # the step before has set it
        order = Order.objects.get(pk=self.order_id)
        ramet.client(Payments).authorise(
            self.order_id, order.customer_id, self.total, order.payment_token
        )
        progress.note(self.order_id, "authorised")

    def void(self) -> None:
        ramet.client(Payments).void(self.order_id)
        progress.note(self.order_id, "voided")

    @ramet.step(pivot=True, atomic=True)
    def decide(self) -> None:
        # The lock makes it certain: a cancellation comes before this, or is seen by `confirm`.
        order = Order.objects.select_for_update().get(pk=self.order_id)
        if order.cancel_requested_at is not None:
            raise CancelledByCustomer

    @ramet.step()
    def capture(self) -> None:
        ramet.client(Payments).capture(self.order_id)
        progress.note(self.order_id, "captured")

    @ramet.step()
    def sell(self) -> None:
        ramet.client(Products).sell(self.order_id)
        progress.note(self.order_id, "sold")

    @ramet.step(atomic=True)
    def confirm(self) -> None:
        if progress.confirm(self.order_id):
            CancelOrder.start(order_id=self.order_id)

    def _reason(self) -> Reason:
        error = None if self.failure is None else self.failure.error
        return REASONS.get(error or "", Reason.EXPIRED)
