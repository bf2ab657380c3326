"""What products does: the catalogue for customers and staff, the contract for other services."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.signals import post_delete, pre_delete
from django.dispatch import receiver

import ramet
from shop.money import Money
from shop.pagination import BY_NAME, export_page
from shop.products import contract, stock
from shop.products.events import ProductChanged, ProductRemoved
from shop.products.models import Product

TOLD = frozenset({"sku", "name", "price"})
"""What other services copy: a change of it is a new version."""


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
    product = Product.objects.create(**fields)
    ramet.audit("product.added", subject=product.pk, sku=product.sku)
    ramet.publish(as_event(product))
    return product


@transaction.atomic
def change(product_id: UUID, fields: dict[str, Any]) -> Product:
    """Change a product. A new `stock` is a delivery or a loss; orders in flight keep theirs."""
    product = Product.objects.select_for_update().get(pk=product_id)
    for name, value in fields.items():
        setattr(product, name, value)
    product.supplied = product.stock + product.reserved + product.sold
    is_told = not TOLD.isdisjoint(fields)
    product.version += is_told
    product.save(update_fields=[*fields, "supplied", "version"])
    ramet.audit("product.changed", subject=product_id, **{"sku": product.sku, **fields})
    if is_told:
        ramet.publish(as_event(product))
    return product


@receiver(pre_delete, sender=Product)
def _lock_before_removal(instance: Product, **_: Any) -> None:
    # Whoever deletes may have read it before others changed it: their versions must be lower.
    locked = Product.objects.select_for_update().filter(pk=instance.pk)
    # None: somebody else has deleted it just now, and has told so.
    instance.version = locked.values_list("version", flat=True).first() or instance.version


@receiver(post_delete, sender=Product)
def _tell_of_removal(instance: Product, **_: Any) -> None:
    # However it is deleted; Django does so in a transaction.
    ramet.publish(ProductRemoved(product_id=instance.pk, version=instance.version + 1))


def as_event(product: Product) -> ProductChanged:
    """The product as other services are told of it."""
    return ProductChanged(
        product_id=product.pk,
        sku=product.sku,
        name=product.name,
        price=Money.of(product.price),
        version=product.version,
    )


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

    def export(self, cursor: str = "") -> contract.ProductExport:
        try:
            products, following = export_page(Product.objects.all(), cursor)
        except ValueError:
            raise contract.UnknownCursor(cursor=cursor) from None
        return contract.ProductExport(
            rows=[
                contract.ExportedProduct(
                    product_id=product.pk,
                    sku=product.sku,
                    name=product.name,
                    price=Money.of(product.price),
                    version=product.version,
                )
                for product in products
            ],
            next_cursor=following,
        )


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
