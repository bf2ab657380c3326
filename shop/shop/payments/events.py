"""What payments announces."""

from uuid import UUID

import ramet


@ramet.event(version=1, key="order_id")
class PaymentReversed:
    """The provider gave the customer the money back without being asked by the shop."""

    order_id: UUID
