"""What products announces: what a product is called and costs. Stock is asked for, not told."""

from uuid import UUID

import ramet
from shop.money import Money


@ramet.event(version=1, key="product_id")
class ProductChanged:
    """A product is new, or is called or costs something else. `version` counts from 1."""

    product_id: UUID
    sku: str
    name: str
    price: Money
    version: int


@ramet.event(version=1, key="product_id")
class ProductRemoved:
    """The product is no longer in the catalogue."""

    product_id: UUID
    version: int
