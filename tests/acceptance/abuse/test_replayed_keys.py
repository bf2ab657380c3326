"""Idempotency keys that somebody else has used: neither her answer nor her effect."""

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.acceptance.abuse.browser import Browser, forms
from tests.acceptance.running_shop import RunningShop


@pytest.fixture
def key() -> str:
    return str(uuid.uuid4())


def orders_of(shop: RunningShop, user: str) -> set[str]:
    return {str(order["id"]) for order in shop.get("/api/v1/orders/", user=user)["results"]}


def same_but_for_the_order(one: requests.Response, other: requests.Response) -> bool:
    return one.json()["lines"] == other.json()["lines"] and one.json()["id"] != other.json()["id"]


def test_bob_with_alices_key_gets_an_order_of_his_own(shop: RunningShop, key: str) -> None:
    sku = shop.with_stock(10)
    hers = shop.order((sku, 1), key=key)
    her_orders = orders_of(shop, "alice")
    his = shop.order((sku, 1), user="bob", key=key)
    assert his.status_code == 202
    assert same_but_for_the_order(hers, his)
    assert hers.json()["id"] not in his.text + str(his.headers)
    assert his.json()["id"] in orders_of(shop, "bob")
    assert orders_of(shop, "alice") == her_orders
    # And her repetition still gets hers.
    assert shop.order((sku, 1), key=key).json()["id"] == hers.json()["id"]


def test_bob_does_not_learn_that_alice_used_a_key_with_another_body(
    shop: RunningShop, key: str
) -> None:
    sku = shop.with_stock(10)
    assert shop.order((sku, 1), key=key).status_code == 202
    assert shop.order((sku, 2), key=key).status_code == 422
    assert shop.order((sku, 2), user="bob", key=key).status_code == 202


def test_two_customers_with_one_key_at_once_get_two_orders(shop: RunningShop, key: str) -> None:
    sku = shop.with_stock(10)
    shop.token("alice")
    shop.token("bob")
    with ThreadPoolExecutor(2) as pool:
        hers, his = pool.map(
            lambda user: shop.order((sku, 1), user=user, key=key), ("alice", "bob")
        )
    assert (hers.status_code, his.status_code) == (202, 202)
    assert same_but_for_the_order(hers, his)


def test_nobody_with_alices_key_gets_nothing(shop: RunningShop, key: str) -> None:
    sku = shop.with_stock(10)
    hers = shop.order((sku, 1), key=key)
    her_orders = orders_of(shop, "alice")
    for headers in ({}, {"Authorization": "Bearer"}, {"Authorization": "Basic YWxpY2U6eA=="}):
        answer = shop.call(
            "POST",
            "/api/v1/orders/",
            user=None,
            json={"lines": [{"sku": sku, "quantity": 1}], "payment_token": "tok_ok"},
            headers={"Idempotency-Key": key, **headers},
        )
        assert answer.status_code == 401
        assert hers.json()["id"] not in answer.text + str(answer.headers)
    assert orders_of(shop, "alice") == her_orders


def test_a_key_is_no_answer_on_another_path(shop: RunningShop, key: str) -> None:
    sku = shop.with_stock(10)
    hers = shop.order((sku, 1), key=key).json()["id"]
    other = shop.place((sku, 1))
    header = {"Idempotency-Key": key}
    # Alice's key does not stand for her order: what the path names is what is cancelled.
    shop.settled(hers)
    shop.settled(other)
    answer = shop.call("POST", f"/api/v1/orders/{other}/cancel/", headers=header)
    assert answer.json()["id"] == other
    assert shop.get(f"/api/v1/orders/{hers}/")["status"] == "confirmed"
    # And bob's cancellation under it is of an order that he does not have.
    answer = shop.call("POST", f"/api/v1/orders/{hers}/cancel/", user="bob", headers=header)
    assert answer.status_code == 404
    assert shop.get(f"/api/v1/orders/{hers}/")["status"] == "confirmed"


def test_another_spelling_of_the_path_is_no_second_order(shop: RunningShop, key: str) -> None:
    sku = shop.with_stock(10)
    hers = shop.order((sku, 1), key=key).json()["id"]
    body = {"lines": [{"sku": sku, "quantity": 1}], "payment_token": "tok_ok"}
    for path in ("/api/v1//orders/", "/api/v1/./orders/", "/api/v1/users/../orders/"):
        request = requests.Request("POST", shop.url, json=body).prepare()
        request.url = shop.url + path  # as it stands: requests would tidy it up
        request.headers.update(
            {"Authorization": f"Bearer {shop.token('alice')}", "Idempotency-Key": key}
        )
        answer = requests.Session().send(request, timeout=30, allow_redirects=False)
        assert answer.status_code >= 300 or answer.json()["id"] == hers, f"{path}: {answer.text}"


def test_the_key_of_alices_checkout_form_is_worth_nothing_to_bob(
    shop: RunningShop, password: str, browser: Callable[[], Browser]
) -> None:
    sku = shop.with_stock(10)
    placed = {}
    key = ""
    for user in ("alice", "bob"):
        own = browser().sign_in(user, password)
        page = own.get(f"/products/{sku}/")
        (form,) = (form for form in forms(page) if "sku" in form.values)
        own.submit(page, form, quantity="1")
        page = own.get("/checkout/")
        (form,) = (form for form in forms(page) if "key" in form.values)
        key = key or form.values["key"]
        answer = own.submit(page, form, key=key, payment_token="tok_ok")
        placed[user] = answer.headers["location"].rstrip("/").rsplit("/", 1)[1]
    assert placed["alice"] != placed["bob"]
    for user, order in placed.items():
        assert order in orders_of(shop, user)
