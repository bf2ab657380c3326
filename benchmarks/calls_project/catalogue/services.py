"""The same product for both ways of asking; no database, because the way is what is measured."""

from decimal import Decimal
from uuid import UUID

import ramet
from catalogue.contract import Catalogue, Money, Product


def find(sku: str) -> Product:
    """The product of every sku."""
    return Product(
        id=UUID(int=1),
        sku=sku,
        name="Spade",
        description="Ash handle, forged blade; digs for a lifetime.",
        price=Money(Decimal("24.90")),
        stock=17,
    )


@ramet.implements(Catalogue)
class Shelf:
    def get(self, sku: str) -> Product:
        return find(sku)
