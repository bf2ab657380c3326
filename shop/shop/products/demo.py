"""Fifty products to try the shop with, several of them scarce."""

import json
from decimal import Decimal
from pathlib import Path

from django.db import transaction

from shop.products.models import Product

CATALOGUE = Path(__file__).with_name("catalogue.json")


@transaction.atomic
def load() -> None:
    """Add what is missing; products that are there keep their stock and changes."""
    Product.objects.bulk_create(
        (
            Product(
                sku=entry["sku"],
                name=entry["name"],
                description=entry["description"],
                category=entry["category"],
                price=Decimal(entry["price"]),
                stock=entry["stock"],
                supplied=entry["stock"],
            )
            for entry in json.loads(CATALOGUE.read_text(encoding="utf-8"))
        ),
        ignore_conflicts=True,
    )
