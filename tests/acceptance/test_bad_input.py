"""What a client may get wrong: a clear problem document from the gateway, and nothing happens."""

import base64
import json
import time
import uuid
from typing import Any

import pytest

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


def _encode(part: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def _claims(shop: RunningShop) -> dict[str, Any]:
    payload = shop.token().split(".")[1]
    claims: dict[str, Any] = json.loads(
        base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
    )
    return claims


def _signed_by_a_stranger(claims: dict[str, Any]) -> str:
    from joserfc import jwt
    from joserfc.jwk import RSAKey

    return jwt.encode({"alg": "RS256", "typ": "at+jwt"}, claims, RSAKey.generate_key(2048))


@pytest.mark.parametrize("kind", ["unsigned", "alg none", "foreign", "garbage", "tampered"])
def test_a_bad_token_is_refused(shop: RunningShop, kind: str) -> None:
    good, claims = shop.token(), _claims(shop)
    header, body, signature = good.split(".")
    token = {
        "unsigned": f"{header}.{body}.",
        "alg none": f"{_encode({'alg': 'none', 'typ': 'at+jwt'})}.{body}.",
        "foreign": _signed_by_a_stranger(claims),
        "garbage": "not-a-token",
        "tampered": f"{header}.{_encode({**claims, 'exp': int(time.time()) + 9999})}.{signature}",
    }[kind]
    for path in ("/api/v1/orders/", "/api/v1/users/me/", "/api/v1/products/"):
        answer = shop.call("GET", path, user=None, headers={"Authorization": f"Bearer {token}"})
        problem(answer, 401)
