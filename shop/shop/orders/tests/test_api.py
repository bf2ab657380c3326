"""Orders over HTTP: what is taken, what is refused and how, and who sees what."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from rest_framework.test import APIClient

from ramet.identity import User
from ramet.testing import Calls, Events, Sagas
from shop.orders.events import OrderPlaced
from shop.orders.models import Order
from shop.orders.sagas import PlaceOrder
from shop.products.contract import Products
from shop.products.models import Product

pytestmark = pytest.mark.django_db

Api = Callable[[User | None], APIClient]
URL = "/api/v1/orders/"
BODY = {"lines": [{"sku": "SPADE", "quantity": 2}], "payment_token": "tok_ok"}


@pytest.fixture(autouse=True)
def spade(product: Callable[..., Product]) -> Product:
    return product("SPADE", stock=10, price="12.50")


def post(client: APIClient, body: Any = BODY, key: str | None = "key-1") -> Any:
    headers = {} if key is None else {"Idempotency-Key": key}
    return client.post(URL, body, format="json", headers=headers)


def test_an_order_is_accepted_and_pending(api: Api, alice: User) -> None:
    answer = post(api(alice))
    assert answer.status_code == 202
    order = answer.json()
    assert answer["Location"].endswith(f"{URL}{order['id']}/")
    assert (order["status"], order["reason"], order["total"]) == ("pending", None, None)
    assert order["lines"] == [{"sku": "SPADE", "quantity": 2, "name": None}]
    assert order["created_at"].endswith("Z")
    assert [entry["what"] for entry in order["timeline"]] == ["placed"]


def test_the_order_its_event_and_its_saga_come_into_being_together(
    api: Api, alice: User, events: Events, sagas: Sagas
) -> None:
    post(api(alice))
    order = Order.objects.get()
    assert events.published == [OrderPlaced(order_id=order.pk, customer_id=alice.id)]
    assert [run.saga.order_id for run in sagas.of(PlaceOrder)] == [order.pk]


def test_the_same_key_and_body_get_the_same_answer(api: Api, alice: User) -> None:
    first = post(api(alice))
    Order.objects.update(status="confirmed", total=25)
    second = post(api(alice))
    assert (second.status_code, second.json()) == (first.status_code, first.json())
    assert Order.objects.count() == 1


@pytest.mark.parametrize(
    "change",
    [{"payment_token": "tok_slow"}, {"lines": [{"sku": "SPADE", "quantity": 3}]}],
)
def test_the_same_key_with_another_body_is_422(
    api: Api, alice: User, change: dict[str, Any]
) -> None:
    post(api(alice))
    answer = post(api(alice), BODY | change)
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency-key-reused")
    assert Order.objects.count() == 1


def test_a_key_belongs_to_one_customer(api: Api, alice: User, bob: User) -> None:
    assert post(api(alice)).json()["id"] != post(api(bob)).json()["id"]


@pytest.mark.parametrize("key", [None, "", "  ", "k" * 256, "tab\there"])
def test_without_a_proper_key_nothing_is_done(api: Api, alice: User, key: str | None) -> None:
    answer = post(api(alice), key=key)
    assert answer.status_code == 400
    assert answer["content-type"] == "application/problem+json"
    assert "Idempotency-Key" in answer.json()["detail"]
    assert not Order.objects.exists()


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({**BODY, "lines": [{"sku": "SPADE", "quantity": 0}]}, "lines[0].quantity"),
        ({**BODY, "lines": [{"sku": "SPADE", "quantity": -1}]}, "lines[0].quantity"),
        ({**BODY, "lines": [{"sku": "SPADE", "quantity": 1001}]}, "lines[0].quantity"),
        ({**BODY, "lines": [{"sku": "SPADE", "quantity": 10**20}]}, "lines[0].quantity"),
        ({**BODY, "lines": [{"sku": "SPADE", "quantity": "two"}]}, "lines[0].quantity"),
        ({**BODY, "lines": [*BODY["lines"], {"quantity": 1}]}, "lines[1].sku"),
        ({**BODY, "lines": [{"sku": "a\0b", "quantity": 1}]}, "lines[0].sku"),
        ({**BODY, "lines": [{"sku": "A SPADE", "quantity": 1}]}, "lines[0].sku"),
        ({**BODY, "lines": []}, "lines"),
        ({**BODY, "lines": "SPADE"}, "lines"),
        ({**BODY, "lines": [7]}, "lines[0]"),
        ({**BODY, "lines": BODY["lines"] * 101}, "lines"),
        ({**BODY, "lines": BODY["lines"] * 10_000}, "lines"),
        ({"lines": BODY["lines"]}, "payment_token"),
        ({**BODY, "payment_token": ""}, "payment_token"),
        ([], ""),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_wrong_body_is_refused_with_the_path(api: Api, alice: User, body: Any, path: str) -> None:
    answer = post(api(alice), body)
    assert answer.status_code == 400
    assert answer["content-type"] == "application/problem+json"
    assert {error["path"] for error in answer.json()["errors"]} == {path}
    assert not Order.objects.exists()


def test_a_hundred_lines_are_fine(api: Api, alice: User) -> None:
    assert post(api(alice), {**BODY, "lines": BODY["lines"] * 100}).status_code == 202


def test_a_body_that_is_not_json_is_400(api: Api, alice: User) -> None:
    answer = api(alice).post(
        URL, b'{"lines":', content_type="application/json", headers={"Idempotency-Key": "k"}
    )
    assert answer.status_code == 400
    assert answer["content-type"] == "application/problem+json"


def test_an_order_for_an_unknown_product_is_422_with_its_line(api: Api, alice: User) -> None:
    lines = [*BODY["lines"], {"sku": "UNICORN", "quantity": 1}]
    answer = post(api(alice), {**BODY, "lines": lines})
    assert answer.status_code == 422
    assert [error["path"] for error in answer.json()["errors"]] == ["lines[1].sku"]
    assert not Order.objects.exists()


def test_orders_are_taken_while_products_is_away(api: Api, alice: User, calls: Calls) -> None:
    away = calls.unavailable(Products)
    assert post(api(alice)).status_code == 202
    assert away.met == 1


def test_orders_are_taken_while_products_is_slow(api: Api, alice: User, calls: Calls) -> None:
    calls.slow(Products.find, "1m")
    assert post(api(alice)).status_code == 202


def test_others_orders_do_not_exist(api: Api, alice: User, bob: User) -> None:
    id = post(api(alice)).json()["id"]
    assert api(alice).get(f"{URL}{id}/").status_code == 200
    for answer in (
        api(bob).get(f"{URL}{id}/"),
        api(bob).post(f"{URL}{id}/cancel/"),
        api(alice).get(f"{URL}{uuid4()}/"),
        api(alice).get(f"{URL}first/"),
    ):
        assert answer.status_code == 404
        assert answer["content-type"] == "application/problem+json"
    assert api(bob).get(URL).json()["results"] == []


def test_nobody_without_a_token_gets_anything(api: Api) -> None:
    for answer in (post(api(None)), api(None).get(URL), api(None).get(f"{URL}{uuid4()}/")):
        assert answer.status_code == 401
        assert answer["www-authenticate"].startswith("Bearer")


def test_the_list_is_newest_first_in_pages(api: Api, alice: User) -> None:
    placed = [post(api(alice), key=f"key-{number}").json()["id"] for number in range(5)]
    seen, url = [], f"{URL}?page_size=2"
    while url:
        page = api(alice).get(url).json()
        seen += [order["id"] for order in page["results"]]
        url = page["next"]
    assert seen == placed[::-1]


def test_a_list_needs_the_same_few_queries_whatever_its_length(
    api: Api, alice: User, django_assert_max_num_queries: Any
) -> None:
    for number in range(5):
        post(api(alice), key=f"key-{number}")
    with django_assert_max_num_queries(3):
        api(alice).get(URL)


@pytest.mark.django_db(transaction=True)
def test_one_key_sent_ten_times_at_once_makes_one_order(
    api: Api, alice: User, at_once: Callable[..., list[Any]]
) -> None:
    answers = at_once(lambda _: post(api(alice)), range(10))
    assert [answer.status_code for answer in answers] == [202] * 10
    assert len({answer.content for answer in answers}) == 1
    assert Order.objects.count() == 1
