"""What products does: the catalogue for customers and staff, the contract for other services."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

import ramet
from shop.money import Money
from shop.pagination import BY_NAME
from shop.products import contract, stock
from shop.products.models import Product


def matching(words: str = "", category: str = "") -> QuerySet[Product]:
    """Products whose name or description contains every word, of `category` unless that is ""."""
    if "\0" in words + category:  # PostgreSQL cannot even compare it
        return Product.objects.none()
    found = Product.objects.all()
    for word in words.split():
        found = found.filter(Q(name__icontains=word) | Q(description__icontains=word))
    return found.filter(category=category) if category else found


@transaction.atomic
def add(**fields: Any) -> Product:
    """A new product, supplied with its `stock`. IntegrityError if the SKU is taken."""
    return Product.objects.create(**fields)


@transaction.atomic
def change(product_id: UUID, fields: dict[str, Any]) -> Product:
    """Change a product. A new `stock` is a delivery or a loss; orders in flight keep theirs."""
    product = Product.objects.select_for_update().get(pk=product_id)
    for name, value in fields.items():
        setattr(product, name, value)
    product.supplied = product.stock + product.reserved + product.sold
    product.save(update_fields=[*fields, "supplied"])
    return product


@ramet.implements(contract.Products)
class Catalogue:
    """The contract, from the catalogue above and the movements in `stock`."""

    def reserve(self, order_id: UUID, lines: list[contract.Line]) -> Money:
        return stock.reserve(order_id, lines)

    def release(self, order_id: UUID) -> None:
        stock.release(order_id)

    def sell(self, order_id: UUID) -> None:
        stock.sell(order_id)

    def restock(self, order_id: UUID) -> None:
        stock.restock(order_id)

    def page(self, search: str = "", category: str = "", cursor: str = "") -> contract.ProductPage:
        found = matching(search, category)
        try:
            page = BY_NAME.page(found, cursor)
        except ValueError:
            raise contract.UnknownCursor(cursor=cursor) from None
        return contract.ProductPage(
            products=[_as_value(row) for row in page.rows], next_cursor=page.following
        )

    def get(self, sku: str) -> contract.Product:
        row = Product.objects.filter(sku=sku).first() if contract.is_sku(sku) else None
        if row is None:
            raise contract.UnknownProduct(sku=sku)
        return _as_value(row)

    def find(self, skus: list[str]) -> list[contract.Product]:
        possible = [sku for sku in skus if contract.is_sku(sku)]
        return [_as_value(row) for row in Product.objects.filter(sku__in=possible)]

    def categories(self) -> list[str]:
        names = Product.objects.order_by("category").values_list("category", flat=True)
        return list(names.distinct())


def _as_value(row: Product) -> contract.Product:
    price: Decimal = row.price
    return contract.Product(
        sku=row.sku,
        name=row.name,
        description=row.description,
        category=row.category,
        price=Money.of(price),
        stock=row.stock,
    )
