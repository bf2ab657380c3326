"""Cursors: every row once, there and back; and whatever else somebody sends is no cursor."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

import ramet
from ramet.identity import User
from ramet.identity.context import use_token
from shop.orders.contract import Orders
from shop.orders.contract import UnknownCursor as UnknownOrderCursor
from shop.products.contract import Products, UnknownCursor
from shop.products.models import Product

pytestmark = pytest.mark.django_db

Api = Callable[[User | None], APIClient]


def encoded(text: str) -> str:
    return urlsafe_b64encode(text.encode("utf-8", "surrogatepass")).decode()


NO_CURSORS = [
    "nonsense",
    "ü",
    "%",
    "x" * 100_000,
    encoded("p=zzz"),
    encoded("p=%00"),
    encoded("p=" + "[" * 10_000),
    encoded("[" * 100_000),
    encoded(json.dumps(["zzz", "zzz"])),
    encoded("after\0\ud800\0zzz"),
    encoded("after\0a\0b\0c"),
    encoded("sideways\0a\0b"),
    encoded("before\0a"),
]

# Any two texts are a place among products; orders and payments stand by time and id.
NO_PLACES_IN_TIME = [
    *NO_CURSORS,
    encoded("after\0zzz\0zzz"),
    encoded("after\x002026-01-01\x00zzz"),
    encoded("after\x0099999-01-01 00:00:00+00:00\x00zzz"),
]


CASES = [
    *(("/api/v1/products/", cursor) for cursor in NO_CURSORS),
    *(("/api/v1/orders/", cursor) for cursor in NO_PLACES_IN_TIME),
    *(("/api/v1/payments/", cursor) for cursor in NO_PLACES_IN_TIME),
]


@pytest.mark.parametrize(("url", "cursor"), CASES, ids=range(len(CASES)))
def test_what_is_no_cursor_is_told_so(api: Api, alice: User, url: str, cursor: str) -> None:
    answer = api(alice).get(url, {"cursor": cursor})
    assert (answer.status_code, answer["content-type"]) == (404, "application/problem+json")
    assert answer.json()["detail"] == "Invalid cursor"


def test_operations_refuse_it_too(alice: User) -> None:
    for cursor in NO_CURSORS:
        with pytest.raises(UnknownCursor):
            ramet.client(Products).page(cursor=cursor)
    for cursor in NO_PLACES_IN_TIME:
        with use_token(alice.claims.token), pytest.raises(UnknownOrderCursor):
            ramet.client(Orders).mine(cursor)


def walk(api: Api, url: str | None, link: str) -> list[list[str]]:
    pages = []
    while url:
        answer: Any = api(None).get(url).json()
        pages.append([entry["sku"] for entry in answer["results"]])
        url = answer[link]
    return pages


def test_the_pages_are_the_same_there_and_back(api: Api, product: Callable[..., Product]) -> None:
    for number in range(7):
        product(f"P{number}", name="Same name" if number < 5 else "Ünique & name")
    url = "/api/v1/products/?page_size=3"
    there = walk(api, url, "next")
    assert there == [["P0", "P1", "P2"], ["P3", "P4", "P5"], ["P6"]]
    last = api(None).get(api(None).get(url).json()["next"]).json()["next"]
    assert walk(api, last, "previous") == there[::-1]


def test_a_walk_is_not_disturbed_by_rows_that_come_and_go(
    api: Api, product: Callable[..., Product]
) -> None:
    for sku in "BDF":
        product(sku)
    following = api(None).get("/api/v1/products/?page_size=2").json()["next"]
    Product.objects.get(sku="D").delete()
    product("A")
    product("E")
    assert walk(api, following, "next") == [["E", "F"]]


@pytest.mark.parametrize("size", ["0", "-1", "101", "9" * 30, "all", "1.5", "", "null"])
def test_a_page_has_one_to_a_hundred_rows(api: Api, size: str) -> None:
    answer = api(None).get("/api/v1/products/", {"page_size": size})
    assert answer.status_code == 400
    assert [error["path"] for error in answer.json()["errors"]] == ["page_size"]
