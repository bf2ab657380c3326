"""What orders announces. `customer_id` is a user's id; amounts are of the moment of reservation."""

from uuid import UUID

import ramet
from shop.money import Money


@ramet.event(version=1, key="order_id")
class OrderPlaced:
    """A customer wants this; nothing is promised yet."""

    order_id: UUID
    customer_id: UUID


@ramet.event(version=1, key="order_id")
class OrderConfirmed:
    """The order is paid and its stock is sold."""

    order_id: UUID
    customer_id: UUID
    total: Money


@ramet.event(version=1, key="order_id")
class OrderCancelled:
    """The order holds neither stock nor money, and will not again."""

    order_id: UUID
    customer_id: UUID
    reason: str
