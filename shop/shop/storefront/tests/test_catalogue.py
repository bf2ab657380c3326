"""Browsing."""

from collections.abc import Callable
from typing import Any

import pytest

from ramet.testing import Calls
from shop.products.contract import Products
from shop.storefront.tests.conftest import Browser

pytestmark = pytest.mark.django_db

Product = Callable[..., Any]


def shown(answer: Any) -> list[str]:
    assert answer.status_code == 200
    return [product.sku for product in answer.context["products"]]


def test_anyone_can_browse(browser: Browser, product: Product) -> None:
    product("SPADE", name="Spade", price="12.50")
    answer = browser.get("/")
    assert shown(answer) == ["SPADE"]
    assert "€12.50" in answer.content.decode()


def test_search_and_category_narrow_the_catalogue(browser: Browser, product: Product) -> None:
    product("A", name="Steel spade", category="Tools")
    product("B", name="Steel pot", category="Pots")
    product("C", name="Clay pot", category="Pots")
    assert shown(browser.get("/", {"search": "steel"})) == ["B", "A"]
    assert shown(browser.get("/", {"category": "Pots"})) == ["C", "B"]
    assert shown(browser.get("/", {"category": "Pots", "search": "steel"})) == ["B"]


def test_show_more_goes_through_everything_once(browser: Browser, product: Product) -> None:
    for number in range(45):
        product(f"P{number:02}", category="Tools & more")
    product("OTHER", category="Pots")
    seen: list[str] = []
    answer = browser.get("/", {"category": "Tools & more"})
    while True:
        seen += shown(answer)
        if not answer.context["next_url"]:
            break
        answer = browser.get(answer.context["next_url"])
    assert seen == [f"P{number:02}" for number in range(45)]


def test_a_search_that_finds_nothing_says_so(browser: Browser) -> None:
    assert b"Nothing grows here" in browser.get("/", {"search": "unicorn"}).content


def test_what_people_type_is_shown_as_text(browser: Browser, product: Product) -> None:
    product("SPADE", name="<img src=x onerror=alert(1)>")
    page = browser.get("/", {"search": "<script>alert(1)</script>"}).content.decode()
    page += browser.get("/products/SPADE/").content.decode()
    assert "<script>alert" not in page
    assert "<img" not in page


@pytest.mark.parametrize("path", ["/products/UNICORN/", "/?cursor=nonsense", "/nothing/here/"])
def test_what_does_not_exist_is_a_friendly_404(browser: Browser, path: str) -> None:
    answer = browser.get(path)
    assert answer.status_code == 404
    assert b"Nothing grows here" in answer.content


def test_scarce_and_sold_out_products_are_told_apart(browser: Browser, product: Product) -> None:
    product("FEW", stock=3)
    product("NONE", stock=0)
    few = browser.get("/products/FEW/").content.decode()
    assert "Only 3 left" in few
    assert 'max="3"' in few
    none = browser.get("/products/NONE/").content.decode()
    assert "Sold out" in none
    assert "Add to basket" not in none


def test_without_products_the_page_is_503_and_the_basket_is_kept(
    browser: Browser, product: Product, calls: Calls
) -> None:
    product("SPADE")
    browser.send("/basket/add/", {"sku": "SPADE", "quantity": "2"})
    with calls.unavailable(Products):
        for path in ("/", "/products/SPADE/", "/basket/"):
            answer = browser.get(path)
            assert answer.status_code == 503
            assert answer["retry-after"]
            assert b"Your basket is safe" in answer.content
    assert browser.get("/basket/").context["basket_count"] == 2


def test_pages_are_nobody_elses(browser: Browser) -> None:
    answer = browser.get("/")
    assert "private" in answer["cache-control"]
    assert "no-store" in answer["cache-control"]
    assert "frame-ancestors 'none'" in answer["content-security-policy"]
    assert "script-src 'self'" in answer["content-security-policy"]


def test_cookies_are_not_for_scripts(carol: Browser) -> None:
    session = carol.cookies["sessionid"]
    assert session["httponly"]
    assert session["samesite"] == "Lax"
