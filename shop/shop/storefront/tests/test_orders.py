"""Watching orders and cancelling them."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from ramet.testing import Calls, Settle
from shop.orders.contract import Orders
from shop.orders.models import Order
from shop.products.contract import Products
from shop.storefront.tests.conftest import Browser
from shop.users.models import User

pytestmark = pytest.mark.django_db(transaction=True)

Product = Callable[..., Any]
Place = Callable[..., str]


@pytest.fixture
def place(transactional_db: None, carol: Browser, product: Product) -> Place:
    """`place("tok_ok")` buys a spade as carol and returns the order's path."""
    product("SPADE", name="Spade", price="12.50", stock=5)

    def buy(card: str = "tok_ok") -> str:
        carol.send("/basket/add/", {"sku": "SPADE", "quantity": "1"})
        form = {"key": str(uuid.uuid4()), "payment_token": card}
        return str(carol.send("/checkout/", form)["location"])

    return buy


def test_a_pending_order_watches_itself_with_and_without_scripts(
    carol: Browser, place: Place
) -> None:
    path = place()
    page = carol.get(path).content.decode()
    assert "In progress" in page
    assert f'data-watch="{path}status/"' in page
    assert '<noscript><meta http-equiv="refresh"' in page


def test_a_confirmed_order_is_told_and_no_longer_watched(
    carol: Browser, place: Place, settle: Settle
) -> None:
    path = place()
    settle()
    page = carol.get(path).content.decode()
    assert "Confirmed" in page
    assert "€12.50" in page
    assert "Payment taken" in page
    assert "data-settled" in page
    assert "data-watch" not in page
    assert "http-equiv" not in page


def test_the_part_that_is_asked_for_again_is_the_same_while_nothing_happens(
    carol: Browser, place: Place, settle: Settle
) -> None:
    path = place()
    first = carol.get(f"{path}status/").content
    assert carol.get(f"{path}status/").content == first
    assert b"<html" not in first
    settle()
    assert b"data-settled" in carol.get(f"{path}status/").content


def test_a_declined_card_is_explained(carol: Browser, place: Place, settle: Settle) -> None:
    path = place("tok_declined")
    settle()
    page = carol.get(path).content.decode()
    assert "Cancelled" in page
    assert "Your bank declined the payment" in page
    assert "Cancel this order" not in page


def test_an_order_can_be_cancelled_and_is_then_watched_until_it_is(
    carol: Browser, place: Place, settle: Settle
) -> None:
    path = place()
    settle()
    assert carol.send(f"{path}cancel/", {})["location"] == path
    assert "data-watch" in carol.get(path).content.decode()
    settle()
    page = carol.get(path).content.decode()
    assert "You cancelled this order" in page
    assert "Money refunded" in page


def test_orders_are_listed_the_newest_first(carol: Browser, place: Place) -> None:
    paths = [place(), place()]
    page = carol.get("/orders/").content.decode()
    assert page.index(paths[1]) < page.index(paths[0])


def test_orders_of_others_do_not_exist(
    carol: Browser, place: Place, customer: Callable[[str], User]
) -> None:
    path = place()
    customer("dave")
    dave = Browser()
    dave.sign_in("dave")
    for address in (path, f"{path}status/", f"/orders/{uuid.uuid4()}/"):
        assert dave.get(address).status_code == 404
    assert dave.send(f"{path}cancel/", {}).status_code == 404
    assert path not in dave.get("/orders/").content.decode()
    assert Order.objects.get().cancel_requested_at is None


def test_without_products_an_order_is_shown_by_article_number(
    carol: Browser, place: Place, calls: Calls
) -> None:
    path = place()
    calls.unavailable(Products.find)
    answer = carol.get(path)
    assert answer.status_code == 200
    assert b"SPADE" in answer.content


def test_cancelling_while_orders_is_away_leads_back_to_the_order(
    carol: Browser, place: Place, calls: Calls
) -> None:
    path = place()
    calls.unavailable(Orders.cancel)
    answer = carol.send(f"{path}cancel/", {}, Referer=f"http://localhost:8000{path}")
    assert answer.status_code == 503
    assert answer.context["again"] == path
    answer = carol.send(f"{path}cancel/", {}, Referer="http://evil.example/page")
    assert answer.context["again"] == "/basket/"


def test_cancelling_needs_a_form_of_this_site(carol: Browser, place: Place) -> None:
    path = place()
    assert carol.post(f"{path}cancel/").status_code == 403
    assert Order.objects.get().cancel_requested_at is None
