"""One typical operation: two arguments, a nested result."""

from decimal import Decimal
from uuid import UUID

import ramet


class Money(ramet.Value):
    amount: Decimal
    currency: str = "EUR"


class Product(ramet.Value):
    id: UUID
    sku: str
    name: str
    description: str
    price: Money
    stock: int


class Catalogue(ramet.Contract, version=1):
    @ramet.operation(deadline="5s", idempotent=True)
    def get(self, sku: str) -> Product:
        """One product."""
