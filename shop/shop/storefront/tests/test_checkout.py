"""Buying, and buying only once."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from ramet.testing import Calls
from shop.orders.contract import Orders
from shop.orders.models import Order
from shop.storefront.tests.conftest import Browser

pytestmark = pytest.mark.django_db(transaction=True)

Product = Callable[..., Any]


@pytest.fixture
def shopper(transactional_db: None, carol: Browser, product: Product) -> Browser:
    """carol, with two spades in her basket."""
    product("SPADE", price="12.50")
    carol.send("/basket/add/", {"sku": "SPADE", "quantity": "2"})
    return carol


def key_of(answer: Any) -> str:
    return str(answer.context["key"])


def order(browser: Browser, key: str, card: str = "tok_ok") -> Any:
    return browser.send("/checkout/", {"key": key, "payment_token": card})


def test_an_order_is_placed_and_its_page_opened(shopper: Browser) -> None:
    page = shopper.get("/checkout/")
    assert "€25.00" in page.content.decode()
    answer = order(shopper, key_of(page))
    placed = Order.objects.get()
    assert answer["location"] == f"/orders/{placed.pk}/"
    assert [(line.sku, line.quantity) for line in placed.lines.all()] == [("SPADE", 2)]
    assert shopper.get("/basket/").context["basket_count"] == 0


def test_the_same_form_again_opens_the_same_order(shopper: Browser) -> None:
    key = key_of(shopper.get("/checkout/"))
    assert order(shopper, key)["location"] == order(shopper, key)["location"]
    assert Order.objects.count() == 1


def test_the_same_form_many_times_at_once_is_one_order(
    shopper: Browser, at_once: Callable[..., list[Any]]
) -> None:
    key = key_of(shopper.get("/checkout/"))

    def impatient(_: int) -> int:
        another = Browser()
        another.cookies = shopper.cookies
        return int(order(another, key).status_code)

    assert at_once(impatient, range(5)) == [302] * 5
    assert Order.objects.count() == 1


def test_when_the_answer_got_lost_the_form_keeps_its_key_and_the_basket(
    shopper: Browser, calls: Calls
) -> None:
    key = key_of(shopper.get("/checkout/"))
    calls.lose_answer(Orders.place, times=1)
    answer = order(shopper, key)
    assert answer.status_code == 503
    assert key_of(answer) == key
    assert answer.context["basket_count"] == 2
    placed = Order.objects.get()
    assert order(shopper, key)["location"] == f"/orders/{placed.pk}/"
    assert Order.objects.count() == 1


def test_an_old_form_does_not_order_a_changed_basket(shopper: Browser) -> None:
    key = key_of(shopper.get("/checkout/"))
    real_place = order(shopper, key)
    kept = shopper.session
    kept["storefront.placed"] = []  # as in a browser whose answer got lost
    kept["storefront.basket"] = {"SPADE": 5}
    kept.save()
    assert order(shopper, key)["location"] == "/orders/"
    assert Order.objects.count() == 1
    assert real_place.status_code == 302


@pytest.mark.parametrize(
    "form", [{"payment_token": "tok_mine"}, {"payment_token": ""}, {"key": "no-uuid"}]
)
def test_a_form_that_was_tampered_with_is_shown_again(
    shopper: Browser, form: dict[str, str]
) -> None:
    sent = {"key": str(uuid.uuid4()), "payment_token": "tok_ok", **form}
    assert shopper.send("/checkout/", sent).status_code == 400
    assert not Order.objects.exists()


@pytest.mark.parametrize("sku", ["GONE", "no article", "x" * 50])
def test_an_article_that_is_no_longer_sold_stops_the_order(shopper: Browser, sku: str) -> None:
    kept = shopper.session
    kept["storefront.basket"] = {sku: 1}
    kept.save()
    assert order(shopper, str(uuid.uuid4()))["location"] == "/basket/"
    assert not Order.objects.exists()


def test_only_who_has_signed_in_can_order(transactional_db: None, browser: Browser) -> None:
    assert browser.get("/checkout/")["location"] == "/auth/sign-in/?next=%2Fcheckout%2F"
    sent = {"key": str(uuid.uuid4()), "payment_token": "tok_ok"}
    assert browser.send("/checkout/", sent)["location"] == "/auth/sign-in/?next=%2Fbasket%2F"


def test_an_empty_basket_has_no_checkout(carol: Browser) -> None:
    assert carol.get("/checkout/")["location"] == "/basket/"
