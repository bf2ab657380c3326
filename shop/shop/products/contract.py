"""What the other services may ask of products: the catalogue, and stock held for an order.

Stock moves by order: reserve, then sell or release; what was sold can be restocked. Each operation
may be repeated, and an order that has moved on stays where it is.
"""

import re
from uuid import UUID

import ramet
from shop.money import Money

SKU_PATTERN = r"\A[A-Za-z0-9][A-Za-z0-9-]{0,39}\Z"


def is_sku(text: str) -> bool:
    """Whether a product may be called so; nothing else needs to be looked up."""
    return re.match(SKU_PATTERN, text) is not None


class Line(ramet.Value):
    """So many pieces of one product."""

    sku: str
    quantity: int


class Product(ramet.Value):
    """A product as a customer sees it; `stock` are the pieces that can still be bought."""

    sku: str
    name: str
    description: str
    category: str
    price: Money
    stock: int


class ProductPage(ramet.Value):
    """Some products by name, and the cursor of the next page ("" at the end)."""

    products: list[Product]
    next_cursor: str


class ExportedProduct(ramet.Value):
    """What `ProductChanged` says."""

    product_id: UUID
    sku: str
    name: str
    price: Money
    version: int


class ProductExport(ramet.Value):
    """Some products by id, and the cursor of the next page ("" at the end)."""

    rows: list[ExportedProduct]
    next_cursor: str


class OutOfStock(ramet.Refused):
    """Fewer pieces are left than the order wants."""

    sku: str


class UnknownProduct(ramet.Refused):
    """The catalogue has no such product."""

    sku: str


class ReservationClosed(ramet.Refused):
    """The order's stock is not in a state that allows this, e.g. it was released before."""

    order_id: UUID
    state: str


class UnknownCursor(ramet.Refused):
    """The cursor did not come from this catalogue."""

    cursor: str


class Products(ramet.Contract, version=1):
    """The catalogue and its stock."""

    @ramet.operation(deadline="2s", idempotent=True)
    def reserve(self, order_id: UUID, lines: list[Line]) -> Money:
        """Hold stock for an order, all lines or none, and return the order's price.

        Raises OutOfStock, UnknownProduct, or ReservationClosed if the order was released before.
        """

    @ramet.operation(deadline="2s", idempotent=True)
    def release(self, order_id: UUID) -> None:
        """Let go of what is held for an order; a reservation that comes later is refused.

        Raises ReservationClosed if the stock is sold.
        """

    @ramet.operation(deadline="2s", idempotent=True)
    def sell(self, order_id: UUID) -> None:
        """Turn what is held into sold. Raises ReservationClosed if nothing is held."""

    @ramet.operation(deadline="2s", idempotent=True)
    def restock(self, order_id: UUID) -> None:
        """Take back what an order bought. Raises ReservationClosed if nothing was sold."""

    @ramet.operation(deadline="1s", idempotent=True)
    def page(self, search: str = "", category: str = "", cursor: str = "") -> ProductPage:
        """Products that contain every word of `search`, of one category if that is given.

        Raises UnknownCursor.
        """

    @ramet.operation(deadline="500ms", idempotent=True)
    def get(self, sku: str) -> Product:
        """One product. Raises UnknownProduct."""

    @ramet.operation(deadline="1s", idempotent=True)
    def find(self, skus: list[str]) -> list[Product]:
        """Those of the named products that exist, in no order."""

    @ramet.operation(deadline="500ms", idempotent=True)
    def categories(self) -> list[str]:
        """Every category that has a product, by name."""

    @ramet.operation(deadline="5s", idempotent=True)
    def export(self, cursor: str = "") -> ProductExport:
        """Every product, for copies of the catalogue. Raises UnknownCursor."""
