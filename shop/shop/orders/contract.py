"""What the other services may ask of orders, on behalf of whoever they serve.

Every operation acts for the holder of the token that comes with the call, and raises
`ramet.Forbidden` where none comes. Somebody else's order does not exist for them: UnknownOrder.
"""

from datetime import datetime
from uuid import UUID

import ramet
from shop.money import Money

MOST_LINES = 100
MOST_PIECES = 1_000  # on one line; with the dearest product, a full order still fits the books
LONGEST_TOKEN = 200
LONGEST_KEY = 255


class OrderLine(ramet.Value):
    """So many pieces of one product."""

    sku: str
    quantity: int


class OrderedLine(ramet.Value):
    """A line of an order; `name` and `price` of one piece are as last known, None: not known."""

    sku: str
    quantity: int
    name: str | None = None
    price: Money | None = None


class Happening(ramet.Value):
    """Something that happened to an order, such as `reserved`, and when (UTC)."""

    what: str
    at: datetime


class OrderView(ramet.Value):
    """An order as its owner sees it.

    `status` is pending, confirmed or cancelled, and only then has a `reason`: out_of_stock,
    payment_declined, expired or by_customer. `total` is None until the stock is reserved.
    `customer` is the name of whoever ordered, None when it is not known (any more).
    """

    id: UUID
    status: str
    reason: str | None
    lines: list[OrderedLine]
    total: Money | None
    created_at: datetime
    timeline: list[Happening]
    customer: str | None = None


class OrderPage(ramet.Value):
    """Some orders, newest first, and the cursor of the next page ("" at the end)."""

    orders: list[OrderView]
    next_cursor: str


class UnknownOrder(ramet.Refused):
    """There is no such order, or it is not the caller's."""

    order_id: UUID


class UnknownProducts(ramet.Refused):
    """These lines (counted from 0) name products that the catalogue does not have."""

    lines: list[int]


class KeyReused(ramet.Refused):
    """The idempotency key has been used for another order."""

    key: str


class UnknownCursor(ramet.Refused):
    """The cursor did not come from here."""

    cursor: str


class Orders(ramet.Contract, version=1):
    """The caller's orders."""

    # Asks products about the lines: no transaction may be open meanwhile. The key is the caller's
    # own, kept for good with the order.
    @ramet.operation(deadline="3s", idempotent=True, atomic=False)
    def place(self, lines: list[OrderLine], payment_token: str, key: str) -> OrderView:
        """Take an order; it is pending, and what becomes of it is seen by `get`.

        The same key and arguments give the same answer. Raises UnknownProducts, KeyReused, and
        InvalidArgument beyond the limits above.
        """

    @ramet.operation(deadline="1s", idempotent=True)
    def get(self, order_id: UUID) -> OrderView:
        """One order. Raises UnknownOrder."""

    @ramet.operation(deadline="1s", idempotent=True)
    def mine(self, cursor: str = "") -> OrderPage:
        """The caller's orders. Raises UnknownCursor."""

    @ramet.operation(deadline="2s", idempotent=True)
    def cancel(self, order_id: UUID) -> OrderView:
        """Ask for cancellation: stock and money go back. Raises UnknownOrder."""
