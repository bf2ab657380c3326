"""The catalogue over HTTP."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from rest_framework.test import APIClient

from ramet.identity import User
from shop.orders.contract import MOST_LINES, MOST_PIECES
from shop.payments.models import Payment
from shop.payments.services import Till
from shop.products import stock
from shop.products.contract import Line
from shop.products.models import Product

pytestmark = pytest.mark.django_db

Api = Callable[[User | None], APIClient]
URL = "/api/v1/products/"
SPADE = {
    "sku": "SPADE",
    "name": "Spade",
    "description": "For digging.",
    "category": "Tools",
    "price": {"amount": "12.50", "currency": "EUR"},
    "stock": 7,
}


def skus(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [entry["sku"] for entry in answer.json()["results"]]


def test_anyone_sees_a_product(api: Api, staff: User) -> None:
    api(staff).post(URL, SPADE, format="json")
    assert api(None).get(f"{URL}SPADE/").json() == SPADE


def test_a_product_that_is_not_there_is_a_problem_404(api: Api) -> None:
    answer = api(None).get(f"{URL}UNICORN/")
    assert answer.status_code == 404
    assert answer["content-type"] == "application/problem+json"


def test_search_wants_every_word_in_name_or_description(
    api: Api, product: Callable[..., Product]
) -> None:
    product("A", name="Steel spade")
    product("B", name="Spade", description="With an edge of STEEL")
    product("C", name="Steel rake")
    assert skus(api(None).get(URL, {"search": "spade steel"})) == ["B", "A"]


def test_a_category_narrows_the_list(api: Api, product: Callable[..., Product]) -> None:
    product("A", category="Tools")
    product("B", category="Seeds")
    assert skus(api(None).get(URL, {"category": "Seeds"})) == ["B"]


def test_pages_go_through_everything_once(api: Api, product: Callable[..., Product]) -> None:
    for number in range(7):
        product(f"P{number}", name="Same name")
    seen, url = [], f"{URL}?page_size=3"
    while url:
        answer = api(None).get(url)
        seen += skus(answer)
        url = answer.json()["next"]
    assert sorted(seen) == [f"P{number}" for number in range(7)]


@pytest.mark.parametrize("query", [{"search": "a\0b"}, {"category": "\0"}, {"cursor": "nonsense"}])
def test_a_query_that_makes_no_sense_is_refused_not_a_crash(
    api: Api, query: dict[str, str]
) -> None:
    assert api(None).get(URL, query).status_code in (400, 404)


def test_who_may_not_change_the_catalogue_is_told_so(api: Api, alice: User) -> None:
    assert api(None).post(URL, SPADE, format="json").status_code == 401
    assert api(alice).post(URL, SPADE, format="json").status_code == 403
    assert api(alice).patch(f"{URL}SPADE/", {"stock": 1}, format="json").status_code == 403


def test_staff_add_a_product(api: Api, staff: User) -> None:
    answer = api(staff).post(URL, SPADE, format="json")
    assert (answer.status_code, answer.json()) == (201, SPADE)


def test_a_sku_is_given_once(api: Api, staff: User) -> None:
    api(staff).post(URL, SPADE, format="json")
    answer = api(staff).post(URL, SPADE, format="json")
    assert (answer.status_code, answer.json()["code"]) == (409, "taken")
    assert Product.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_sku_that_two_give_at_once_is_given_once(
    api: Api, staff: User, at_once: Callable[..., list[Any]]
) -> None:
    answers = at_once(lambda _: api(staff).post(URL, SPADE, format="json"), range(8))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    assert Product.objects.count() == 1


def test_the_dearest_order_fits_the_books(alice: User, product: Callable[..., Product]) -> None:
    product("GOLD", price="999999.99", stock=1_000_000)
    lines = [Line(sku="GOLD", quantity=MOST_PIECES)] * MOST_LINES
    order = uuid4()
    price = stock.reserve(order, lines)
    till = Till()
    till.authorise(order, alice.id, price, "tok_ok")
    till.capture(order)
    assert Payment.objects.get(order_id=order).captured == price.amount


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"price": {"amount": "-1"}}, "price.amount"),
        ({"price": {"amount": "-0.00"}}, "price.amount"),
        ({"price": {"amount": "1e2"}}, "price.amount"),
        ({"price": {"amount": "1_0"}}, "price.amount"),
        ({"price": {"amount": "\u0663"}}, "price.amount"),
        ({"price": {"amount": " 1"}}, "price.amount"),
        ({"price": {"amount": 12.5}}, "price.amount"),
        ({"price": {"amount": "1.234"}}, "price.amount"),
        ({"price": {"amount": "1", "currency": "USD"}}, "price.currency"),
        ({"price": "12.50"}, "price"),
        ({"stock": -1}, "stock"),
        ({"stock": "5"}, "stock"),
        ({"stock": True}, "stock"),
        ({"stock": 1.5}, "stock"),
        ({"name": 5}, "name"),
        ({"stock": 10**12}, "stock"),
        ({"price": {"amount": "1000000.00"}}, "price.amount"),
        ({"sku": "no spaces"}, "sku"),
        ({"sku": "schema"}, "sku"),
        ({"name": ""}, "name"),
    ],
)
def test_a_wrong_field_is_named(api: Api, staff: User, change: dict[str, Any], path: str) -> None:
    answer = api(staff).post(URL, SPADE | change, format="json")
    assert answer.status_code == 400
    assert [error["path"] for error in answer.json()["errors"]] == [path]


@pytest.mark.parametrize("price", [{"currency": "EUR"}, {}])
def test_a_change_of_price_names_the_amount(
    api: Api, staff: User, product: Callable[..., Product], price: dict[str, str]
) -> None:
    product("SPADE", price="12.50")
    answer = api(staff).patch(f"{URL}SPADE/", {"price": price}, format="json")
    assert answer.status_code == 400
    assert [error["path"] for error in answer.json()["errors"]] == ["price.amount"]


def test_a_change_of_stock_is_a_delivery(
    api: Api, staff: User, product: Callable[..., Product]
) -> None:
    spade = product("SPADE", stock=3)
    answer = api(staff).patch(f"{URL}SPADE/", {"stock": 10}, format="json")
    assert (answer.status_code, answer.json()["stock"]) == (200, 10)
    spade.refresh_from_db()
    assert spade.supplied == 10


def test_a_product_keeps_its_sku(api: Api, staff: User, product: Callable[..., Product]) -> None:
    product("SPADE")
    answer = api(staff).patch(f"{URL}SPADE/", {"sku": "RAKE", "name": "New"}, format="json")
    assert (answer.json()["sku"], answer.json()["name"]) == ("SPADE", "New")


def test_products_are_neither_replaced_nor_deleted(
    api: Api, staff: User, product: Callable[..., Product]
) -> None:
    product("SPADE")
    assert api(staff).put(f"{URL}SPADE/", SPADE, format="json").status_code == 405
    assert api(staff).delete(f"{URL}SPADE/").status_code == 405
