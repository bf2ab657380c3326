"""What the other services may ask of payments. An order has at most one payment.

Each operation may be repeated, and talks to the provider outside any database transaction.
"""

from uuid import UUID

import ramet
from shop.money import Money


class Declined(ramet.Refused):
    """The bank said no to this card, for good."""

    reason: str


class PaymentClosed(ramet.Refused):
    """The order's payment is not in a state that allows this, e.g. it was voided before."""

    order_id: UUID
    state: str


class Payments(ramet.Contract, version=1):
    """Money of orders."""

    # A bank may take several seconds; the deadline is what the gateway gives a whole request.
    @ramet.operation(deadline="15s", idempotent=True, atomic=False)
    def authorise(
        self, order_id: UUID, customer_id: UUID, amount: Money, payment_token: str
    ) -> UUID:
        """Hold money on the customer's card and return the payment's id.

        Raises Declined, or PaymentClosed if the payment was voided before; Unavailable when the
        bank fails, and then the call may be repeated.
        """

    @ramet.operation(deadline="15s", idempotent=True, atomic=False)
    def void(self, order_id: UUID) -> None:
        """Let go of the money held; an authorisation that comes later is refused.

        Raises PaymentClosed if the money is captured.
        """

    @ramet.operation(deadline="15s", idempotent=True, atomic=False)
    def capture(self, order_id: UUID) -> None:
        """Take the money held. Raises PaymentClosed if none is held."""

    @ramet.operation(deadline="15s", idempotent=True, atomic=False)
    def refund(self, order_id: UUID) -> None:
        """Give back the money taken. Raises PaymentClosed if none was taken."""
