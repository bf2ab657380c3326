"""What a client may get wrong: a clear problem document from the gateway, and nothing happens."""

import base64
import re
import uuid
from typing import Any

import pytest
import requests

from tests.acceptance.running_shop import RunningShop


def problem(answer: Any, status: int) -> dict[str, Any]:
    assert answer.status_code == status, f"{answer.status_code} {answer.text}"
    assert answer.headers["content-type"].startswith("application/problem+json"), answer.headers
    body: dict[str, Any] = answer.json()
    assert body["status"] == status
    assert body["title"]
    return body


def test_a_body_that_is_not_json(shop: RunningShop) -> None:
    answer = shop.call(
        "POST",
        "/api/v1/orders/",
        data="{not json",
        headers={"Content-Type": "application/json", "Idempotency-Key": str(uuid.uuid4())},
    )
    assert "JSON" in problem(answer, 400)["detail"]


def test_a_body_that_is_too_large(shop: RunningShop) -> None:
    answer = shop.call(
        "POST",
        "/api/v1/orders/",
        data=b'"' + b"x" * (2 << 20) + b'"',
        headers={"Content-Type": "application/json", "Idempotency-Key": str(uuid.uuid4())},
    )
    problem(answer, 413)


@pytest.mark.parametrize(
    ("lines", "path"),
    [
        ([{"sku": "X", "quantity": 0}], "lines[0].quantity"),
        ([{"sku": "X", "quantity": -3}], "lines[0].quantity"),
        ([{"sku": "X", "quantity": "many"}], "lines[0].quantity"),
        ([{"quantity": 1}], "lines[0].sku"),
        ([], "lines"),
        ("everything", "lines"),
        ([{"sku": f"X{n}", "quantity": 1} for n in range(10_000)], "lines"),
        ([{"sku": "NO-SUCH-PRODUCT", "quantity": 1}], "lines[0].sku"),
    ],
    ids=["zero", "negative", "text", "missing", "none", "no list", "ten thousand", "unknown sku"],
)
def test_lines_that_cannot_be_ordered_name_the_field(
    shop: RunningShop, lines: Any, path: str
) -> None:
    answer = shop.call(
        "POST",
        "/api/v1/orders/",
        json={"lines": lines, "payment_token": "tok_ok"},
        headers={"Idempotency-Key": str(uuid.uuid4())},
    )
    assert answer.status_code in {400, 422}, answer.text
    errors = problem(answer, answer.status_code)["errors"]
    assert path in {error["path"] for error in errors}, errors


@pytest.mark.parametrize("service", ["orders", "payments", "products"])
@pytest.mark.parametrize("inside", ["p=zzz", "p=\0", "[" * 9000], ids=["date", "nul", "deep"])
def test_a_cursor_that_somebody_made_up(shop: RunningShop, service: str, inside: str) -> None:
    cursor = base64.urlsafe_b64encode(inside.encode()).decode()
    answer = shop.call("GET", f"/api/v1/{service}/", params={"cursor": cursor})
    assert problem(answer, 404)["detail"] == "Invalid cursor"


def test_a_nul_in_a_query_or_a_body(shop: RunningShop) -> None:
    for query in ("search=%00", "category=%00", "cursor=%00"):
        answer = shop.call("GET", f"/api/v1/products/?{query}", user=None)
        problem(answer, 400)
        assert shop.call("GET", f"/?{query}", user=None).status_code == 400
    answer = shop.call(
        "POST",
        "/api/v1/orders/",
        json={"lines": [{"sku": "a\0b", "quantity": 1}], "payment_token": "tok_ok"},
        headers={"Idempotency-Key": str(uuid.uuid4())},
    )
    assert {error["path"] for error in problem(answer, 400)["errors"]} == {"lines[0].sku"}


def test_a_nul_does_not_get_into_a_basket(shop: RunningShop) -> None:
    browser = requests.Session()
    sku = shop.in_stock(1)[0]
    page = browser.get(f"{shop.url}/products/{sku}/", timeout=30)
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
    assert token is not None
    form = {"csrfmiddlewaretoken": token[1], "sku": "a\0b", "quantity": "1"}
    headers = {"Origin": shop.url}
    added = browser.post(f"{shop.url}/basket/add/", data=form, headers=headers, timeout=30)
    assert added.status_code == 400
    assert browser.get(f"{shop.url}/basket/", timeout=30).status_code == 200


def test_a_price_without_its_amount(shop: RunningShop) -> None:
    sku = shop.with_stock(1)
    answer = shop.call(
        "PATCH", f"/api/v1/products/{sku}/", user="erin", json={"price": {"currency": "EUR"}}
    )
    assert [error["path"] for error in problem(answer, 400)["errors"]] == ["price.amount"]


@pytest.mark.parametrize(
    ("method", "path", "user"),
    [
        ("POST", "/api/v1/orders/", "alice"),
        ("POST", "/api/v1/products/", "erin"),
        ("POST", "/api/v1/users/", None),
        ("PATCH", "/api/v1/users/me/", "alice"),
    ],
)
def test_a_body_nested_without_end(
    shop: RunningShop, method: str, path: str, user: str | None
) -> None:
    for depth in (900, 100_000):
        answer = shop.call(
            method,
            path,
            user=user,
            data="[" * depth + "]" * depth,
            headers={"Content-Type": "application/json", "Idempotency-Key": str(uuid.uuid4())},
        )
        problem(answer, 400)


def test_a_charset_that_is_none_for_text(shop: RunningShop) -> None:
    for path in ("/api/v1/orders/?a=%41", "/o/token/?a=%41", "/?a=%41"):
        kind = {"Content-Type": "application/x-www-form-urlencoded; charset=hex"}
        answer = shop.call("POST", path, data="a=%41", headers=kind)
        assert 400 <= answer.status_code < 500, f"{path}: {answer.status_code} {answer.text}"


def test_a_missing_idempotency_key(shop: RunningShop) -> None:
    sku = shop.in_stock(1)[0]
    answer = shop.call(
        "POST",
        "/api/v1/orders/",
        json={"lines": [{"sku": sku, "quantity": 1}], "payment_token": "tok_ok"},
    )
    assert "Idempotency-Key" in problem(answer, 400)["detail"]


def test_no_token_where_one_is_needed(shop: RunningShop) -> None:
    answer = shop.call("GET", "/api/v1/orders/", user=None)
    problem(answer, 401)
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_customer_may_not_change_products(shop: RunningShop) -> None:
    sku = shop.in_stock(1)[0]
    problem(shop.call("PATCH", f"/api/v1/products/{sku}/", json={"stock": 1}), 403)


def test_an_unknown_path_is_denied_by_the_gateway(shop: RunningShop) -> None:
    problem(shop.call("GET", "/api/v2/anything/", user=None), 404)


def test_operations_are_not_reachable_from_outside(shop: RunningShop) -> None:
    for path in (
        "/.ramet/calls/shop.products.v1.Products/reserve",
        "/api/../.ramet/calls/shop.products.v1.Products/reserve",
        "/%2eramet/calls/shop.products.v1.Products/reserve",
        "//.ramet/calls/shop.products.v1.Products/reserve",
    ):
        answer = shop.call("POST", path, user="erin", json={})
        assert answer.status_code in {400, 403, 404}, f"{path}: {answer.status_code}"
        assert "shop.products" not in answer.text
