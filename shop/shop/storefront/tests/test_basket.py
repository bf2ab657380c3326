"""The basket."""

from collections.abc import Callable
from typing import Any

import pytest

from shop.storefront.tests.conftest import Browser

pytestmark = pytest.mark.django_db

Product = Callable[..., Any]


def quantities(browser: Browser) -> dict[str, int]:
    return dict(browser.session.get("storefront.basket", {}))


def add(browser: Browser, sku: str, quantity: object = 1, **form: str) -> Any:
    return browser.send("/basket/add/", {"sku": sku, "quantity": str(quantity), **form})


def test_a_basket_needs_no_sign_in(browser: Browser, product: Product) -> None:
    product("SPADE", price="12.50")
    assert add(browser, "SPADE", 2)["location"] == "/basket/"
    page = browser.get("/basket/").content.decode()
    assert "€25.00" in page
    assert "A SPADE" in page


def test_adding_again_adds_up(browser: Browser, product: Product) -> None:
    product("SPADE")
    add(browser, "SPADE", 2)
    add(browser, "SPADE", 3)
    assert quantities(browser) == {"SPADE": 5}


def test_a_quantity_can_be_changed_and_taken_out(browser: Browser, product: Product) -> None:
    product("SPADE")
    add(browser, "SPADE", 2)
    browser.send("/basket/change/", {"sku": "SPADE", "quantity": "7"})
    assert quantities(browser) == {"SPADE": 7}
    browser.send("/basket/change/", {"sku": "SPADE", "quantity": "0"})
    assert quantities(browser) == {}


@pytest.mark.parametrize("quantity", ["0", "-1", "", "many", "1.5", "9" * 5000])
def test_a_quantity_that_makes_no_sense_adds_nothing(browser: Browser, quantity: str) -> None:
    assert add(browser, "SPADE", quantity).status_code == 302
    assert quantities(browser) == {}


def test_no_line_and_no_basket_grows_without_end(browser: Browser) -> None:
    add(browser, "SPADE", 10**9)
    assert quantities(browser) == {"SPADE": 99}
    for number in range(40):
        add(browser, f"P{number}")
    assert len(quantities(browser)) == 30
    assert add(browser, "x" * 65).status_code == 302
    assert "x" * 65 not in quantities(browser)


def test_what_is_not_in_stock_is_told_before_the_checkout(carol: Browser, product: Product) -> None:
    product("FEW", stock=1)
    add(carol, "FEW", 2)
    assert b"Only 1 left" in carol.get("/basket/").content
    assert carol.get("/checkout/")["location"] == "/basket/"


def test_what_is_no_longer_sold_can_be_taken_out(browser: Browser) -> None:
    add(browser, "GONE")
    assert b"No longer sold" in browser.get("/basket/").content
    browser.send("/basket/change/", {"sku": "GONE", "quantity": "0"})
    assert b"Nothing in it yet" in browser.get("/basket/").content


def test_changing_needs_a_form_of_this_site(browser: Browser) -> None:
    assert browser.post("/basket/add/", {"sku": "SPADE", "quantity": "1"}).status_code == 403
    assert quantities(browser) == {}


def test_adding_leads_nowhere_else(browser: Browser, product: Product) -> None:
    product("SPADE")
    assert add(browser, "SPADE", next="//evil.example/")["location"] == "/"


@pytest.mark.parametrize("sku", ["a b", "ä", "-A", "a/b", "x" * 41])
def test_what_cannot_be_an_article_number_is_not_put_in(browser: Browser, sku: str) -> None:
    assert add(browser, sku).status_code == 302
    browser.send("/basket/change/", {"sku": sku, "quantity": "1"})
    assert quantities(browser) == {}


def test_a_basket_that_holds_what_no_article_can_be_called_is_shown(browser: Browser) -> None:
    kept = browser.session
    kept["storefront.basket"] = {"a\0b": 1}
    kept.save()
    assert b"No longer sold" in browser.get("/basket/").content
