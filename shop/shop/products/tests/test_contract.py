"""The catalogue as other services see it, through `ramet.client`."""

from collections.abc import Callable

import pytest

import ramet
from shop.products import demo
from shop.products.contract import Products, UnknownCursor, UnknownProduct
from shop.products.models import Product

pytestmark = pytest.mark.django_db


def test_a_walk_over_the_pages_meets_every_product_once(product: Callable[..., Product]) -> None:
    for number in range(45):
        product(f"P{number:02}", name=f"Name {number // 10}")
    catalogue = ramet.client(Products)
    seen: list[str] = []
    cursor = ""
    while True:
        page = catalogue.page(cursor=cursor)
        seen += [product.sku for product in page.products]
        if not (cursor := page.next_cursor):
            break
    assert seen == [f"P{number:02}" for number in range(45)]


@pytest.mark.parametrize("cursor", ["x", "ü", "W10=", "WzEsIDJd"])
def test_a_cursor_from_elsewhere_is_refused(db: None, cursor: str) -> None:
    with pytest.raises(UnknownCursor):
        ramet.client(Products).page(cursor=cursor)


def test_get_and_find_tell_what_exists(product: Callable[..., Product]) -> None:
    product("SPADE", stock=4)
    catalogue = ramet.client(Products)
    assert catalogue.get("SPADE").stock == 4
    assert [found.sku for found in catalogue.find(["SPADE", "UNICORN"])] == ["SPADE"]
    with pytest.raises(UnknownProduct):
        catalogue.get("UNICORN")


def test_the_demo_has_fifty_products_and_several_scarce_ones() -> None:
    demo.load()
    assert Product.objects.count() == 50
    assert Product.objects.filter(stock__gt=0, stock__lt=20).count() >= 5
    categories = ramet.client(Products).categories()
    assert categories == sorted(set(categories))


def test_loading_the_demo_again_keeps_the_stock() -> None:
    demo.load()
    some = Product.objects.filter(stock__gt=5).first()
    assert some is not None
    Product.objects.filter(pk=some.pk).update(stock=some.stock - 5, sold=5)
    demo.load()
    assert Product.objects.count() == 50
    assert Product.objects.get(pk=some.pk).sold == 5
