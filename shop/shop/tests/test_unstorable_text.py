"""PostgreSQL stores no NUL: whoever sends one is told, and nothing breaks, now or later."""

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from rest_framework.test import APIClient

import ramet
from ramet.calls import InvalidArgument
from ramet.identity import User
from ramet.identity.context import use_token
from shop.orders.contract import OrderLine, Orders
from shop.products import stock
from shop.products.contract import Line, Products, UnknownProduct
from shop.products.models import Product

pytestmark = pytest.mark.django_db

Api = Callable[[User | None], APIClient]
JSON = "application/json"


@pytest.mark.parametrize(
    "url",
    [
        "/?search=%00",
        "/?category=a%00b",
        "/?%00=1",
        "/products/%00/",
        "/auth/callback/?state=%00",
        "/o/logout/?client_id=%00",
        "/o/authorize/?client_id=%00",
    ],
)
def test_a_page_whose_address_holds_nul_is_400(api: Api, url: str) -> None:
    answer = api(None).get(url)
    assert (answer.status_code, answer["content-type"]) == (400, "text/html; charset=utf-8")


@pytest.mark.parametrize("url", ["/api/v1/products/?search=%00", "/api/v1/products/A%00/"])
def test_an_api_request_whose_address_holds_nul_is_a_problem_400(api: Api, url: str) -> None:
    answer = api(None).get(url)
    assert (answer.status_code, answer["content-type"]) == (400, "application/problem+json")


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/o/token/", "grant_type=authorization_code&client_id=storefront&code=%00"),
        ("/o/token/", "grant_type=refresh_token&client_id=%00&refresh_token=x"),
        ("/o/introspect/", "token=%00"),
        ("/basket/add/", "sku=a%00b&quantity=1"),
        ("/basket/add/", "%00=1"),
    ],
)
def test_a_form_that_holds_nul_is_400(api: Api, path: str, form: str) -> None:
    answer = api(None).post(path, form, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"lines": [{"sku": "a\0b", "quantity": 1}], "payment_token": "t"}, "lines[0].sku"),
        ({"lines": [{"sku": "a\ud800", "quantity": 1}], "payment_token": "t"}, "lines[0].sku"),
        ({"lines": [{"sku": "A", "quantity": 1}], "payment_token": "\0"}, "payment_token"),
        ({"lines": [{"sku": "A", "quantity": 1}], "payment_token": "\udfff"}, "payment_token"),
    ],
    ids=range(4),
)
def test_an_order_is_refused_with_the_path(api: Api, alice: User, body: Any, path: str) -> None:
    answer = api(alice).post(
        "/api/v1/orders/",
        json.dumps(body),
        content_type=JSON,
        headers={"Idempotency-Key": "k"},
    )
    assert answer.status_code == 400
    assert {error["path"] for error in answer.json()["errors"]} == {path}


@pytest.mark.parametrize("field", ["sku", "name", "description", "category"])
@pytest.mark.parametrize("text", ["a\0b", "a\ud800b"])
def test_a_product_is_refused_with_the_path(api: Api, staff: User, field: str, text: str) -> None:
    product = {"sku": "A", "name": "n", "category": "c", "price": {"amount": "1"}, field: text}
    answer = api(staff).post("/api/v1/products/", json.dumps(product), content_type=JSON)
    assert answer.status_code == 400
    assert {error["path"] for error in answer.json()["errors"]} == {field}


@pytest.mark.parametrize("field", ["username", "email", "password"])
@pytest.mark.parametrize("text", ["a\0@b.example", "a\ud800@b.example"])
def test_an_account_is_refused_with_the_path(api: Api, field: str, text: str) -> None:
    account = {"username": "u", "email": "u@b.example", "password": "correct horse", field: text}
    answer = api(None).post("/api/v1/users/", json.dumps(account), content_type=JSON)
    assert answer.status_code == 400
    assert {error["path"] for error in answer.json()["errors"]} == {field}


@pytest.mark.parametrize("text", ["\0", "a\0b"])
def test_the_catalogue_has_nothing_of_that_name(product: Callable[..., Product], text: str) -> None:
    product("SPADE")
    catalogue = ramet.client(Products)
    assert catalogue.page(search=text).products == []
    assert catalogue.page(category=text).products == []
    assert [found.sku for found in catalogue.find(["SPADE", text])] == ["SPADE"]
    with pytest.raises(UnknownProduct):
        catalogue.get(text)
    with pytest.raises(UnknownProduct):
        stock.reserve(uuid4(), [Line(sku=text, quantity=1)])


@pytest.mark.parametrize("sku", ["a\0b", "A" * 41, "", "no spaces"])
def test_no_order_is_placed_for_what_cannot_be_a_sku(alice: User, sku: str) -> None:
    with use_token(alice.claims.token), pytest.raises(InvalidArgument) as error:
        ramet.client(Orders).place([OrderLine(sku=sku, quantity=1)], "tok_ok", "k")
    assert error.value.path == "lines[0].sku"
