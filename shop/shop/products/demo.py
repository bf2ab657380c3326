"""Fifty products to try the shop with, several of them scarce."""

import json
from decimal import Decimal
from pathlib import Path

from django.db import transaction

import ramet
from shop.products import services
from shop.products.models import Product

CATALOGUE = Path(__file__).with_name("catalogue.json")


@transaction.atomic
def load() -> None:
    """Add what is missing, and tell of it; what is there keeps its stock and changes."""
    there = set(Product.objects.values_list("sku", flat=True))
    made = Product.objects.bulk_create(
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
        if entry["sku"] not in there
    )
    ramet.publish(*map(services.as_event, made))
