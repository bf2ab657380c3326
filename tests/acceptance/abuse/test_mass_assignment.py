"""Mass assignment: every field that a client must not set, sent with every POST and PATCH.

Whether it is refused or ignored is the API's affair; what is stored must be what is stored without.
"""

import json
import uuid
from typing import Any

import pytest
import requests

from tests.acceptance.abuse.browser import from_elsewhere
from tests.acceptance.abuse.conftest import Belongings
from tests.acceptance.abuse.inventory import schemas
from tests.acceptance.running_shop import RunningShop

FORGED_ID = "00000000-0000-4000-8000-00000000f0f0"
LONG_AGO = "2001-02-03T04:05:06Z"

FORGED: dict[str, Any] = {
    **dict.fromkeys(("id", "pk", "uuid", "order_id", "product_id"), FORGED_ID),
    **dict.fromkeys(("owner", "customer", "customer_id", "user", "user_id"), FORGED_ID),
    **dict.fromkeys(("is_staff", "is_superuser", "is_admin", "email_verified", "verified"), True),
    "is_active": False,
    "groups": ["products:write"],
    "user_permissions": [1],
    "scope": "products:write",
    "scopes": ["products:write"],
    "role": "admin",
    "status": "confirmed",
    "state": "captured",
    "reason": "by_customer",
    "total": {"amount": "0.01", "currency": "EUR"},
    "authorised": {"amount": "9999.00", "currency": "EUR"},
    "captured": {"amount": "9999.00", "currency": "EUR"},
    "refunded": {"amount": "9999.00", "currency": "EUR"},
    "provider": "stripe",
    "reference": "forged",
    "attempts": 77,
    "supplied": 77,
    "reserved": 77,
    "sold": 77,
    "version": 77,
    "timeline": [{"what": "captured", "at": LONG_AGO}],
    **dict.fromkeys(("created_at", "date_joined", "last_login", "cancel_requested_at"), LONG_AGO),
    "_state": {"adding": False},
    "__class__": "Order",
    "pk__in": [FORGED_ID],
}

# By operation: what a client may send. A new POST or PATCH must come in here, and get a test below.
ATTACKED = {
    "POST /api/v1/orders/",
    "POST /api/v1/orders/{id}/cancel/",
    "POST /api/v1/payments/webhooks/{provider_name}/",  # its body is signed: see test_webhooks
    "POST /api/v1/products/",
    "PATCH /api/v1/products/{sku}/",
    "POST /api/v1/users/",
    "PATCH /api/v1/users/me/",
}


def row(shop: RunningShop, service: str, table: str, column: str, value: str) -> dict[str, Any]:
    """The stored row as the database has it."""
    query = f"SELECT to_jsonb(t)::text FROM {table} t WHERE t.{column} = '{value}'"
    ((text,),) = shop.sql(service, query)
    found: dict[str, Any] = json.loads(text)
    return found


def forged_in(stored: dict[str, Any], allowed: set[str]) -> dict[str, Any]:
    """The columns of a row that hold a forged value."""
    held = {}
    for name, value in FORGED.items():
        flat = value["amount"] if isinstance(value, dict) and "amount" in value else value
        for column in (name, f"{name}_id"):
            now = stored.get(column)
            same = str(now).replace("+00:00", "Z") == str(flat) or (now is not None and now == flat)
            if column in stored and column not in allowed and same:
                held[column] = now
    return held


def send(
    shop: RunningShop, method: str, path: str, body: dict[str, Any], user: str | None
) -> requests.Response:
    return shop.call(
        method,
        path,
        user=user,
        by=from_elsewhere(),
        json={**FORGED, **body},
        params={name: str(value) for name, value in FORGED.items()},
        headers={"Idempotency-Key": str(uuid.uuid4())},
    )


def was_refused(answer: requests.Response, done: int) -> bool:
    """Whether the API refuses what is forged, and for nothing else: then nothing was tried."""
    if answer.status_code != 400:
        assert answer.status_code == done, answer.text
        return False
    faults = {error["path"].partition(".")[0] for error in answer.json()["errors"]}
    assert faults, answer.text
    assert faults <= FORGED.keys(), answer.text
    return True


def test_every_operation_that_writes_is_attacked(shop: RunningShop) -> None:
    writing = {
        f"{method.upper()} {path}"
        for schema in schemas(shop).values()
        for path, operations in schema["paths"].items()
        for method in operations
        if method in ("post", "put", "patch")
    }
    assert writing == ATTACKED


def test_an_order_is_pending_and_ones_own_whatever_comes_with_it(
    shop: RunningShop, alice: Belongings
) -> None:
    sku = shop.with_stock(10)
    line = {"sku": sku, "quantity": 1, "price": "0.01", "name": "forged", "position": 7, "id": 1}
    body = {"lines": [line], "payment_token": "tok_ok"}
    answer = send(shop, "POST", "/api/v1/orders/", body, "alice")
    if was_refused(answer, 202):
        return
    order = answer.json()
    assert (order["status"], order["total"], order["reason"]) == ("pending", None, None)
    settled = shop.settled(order["id"])
    assert settled["total"]["amount"] == "12.50"
    assert settled["lines"][0]["name"] == "A scarce thing"
    stored = row(shop, "orders", "orders_order", "id", order["id"])
    assert stored["customer_id"] == alice.user
    assert not forged_in(stored, allowed={"status"})
    paid = row(shop, "payments", "payments_payment", "order_id", order["id"])
    assert (paid["customer_id"], paid["provider"]) == (alice.user, "sandbox")
    assert float(paid["captured"]) == 12.5
    assert not forged_in(paid, allowed={"state"})


def test_a_cancellation_takes_nothing_from_its_body(shop: RunningShop, alice: Belongings) -> None:
    order = shop.place((shop.with_stock(10), 1))
    shop.settled(order)
    assert not was_refused(send(shop, "POST", f"/api/v1/orders/{order}/cancel/", {}, "alice"), 202)
    stored = row(shop, "orders", "orders_order", "id", order)
    assert stored["customer_id"] == alice.user
    assert not forged_in(stored, allowed={"status", "reason"})


@pytest.mark.parametrize("kind", ["new", "changed"])
def test_a_product_has_only_what_staff_may_say(shop: RunningShop, kind: str) -> None:
    body = {
        "name": "Trowel",
        "description": "",
        "category": "Test",
        "price": {"amount": "3.00", "currency": "EUR", "id": FORGED_ID},
        "stock": 5,
    }
    if kind == "new":
        sku = f"TEST-{uuid.uuid4().hex[:8].upper()}"
        answer = send(shop, "POST", "/api/v1/products/", {"sku": sku, **body}, "erin")
    else:
        sku = shop.with_stock(7)
        answer = send(shop, "PATCH", f"/api/v1/products/{sku}/", {"sku": "OTHER", **body}, "erin")
    if was_refused(answer, 201 if kind == "new" else 200):
        return
    stored = row(shop, "products", "products_product", "sku", sku)
    assert not forged_in(stored, allowed=set())
    assert (stored["stock"], stored["supplied"], stored["reserved"], stored["sold"]) == (5, 5, 0, 0)


def test_who_registers_is_a_customer_and_nothing_more(shop: RunningShop) -> None:
    name = f"mallory-{uuid.uuid4().hex[:8]}"
    body = {"username": name, "email": f"{name}@shop.example", "password": uuid.uuid4().hex}
    answer = send(shop, "POST", "/api/v1/users/", body, None)
    if was_refused(answer, 201):
        return
    stored = row(shop, "users", "users_user", "username", name)
    assert stored["is_active"] is True
    assert not forged_in(stored, allowed=set())
    groups = "SELECT count(*) FROM users_user_groups WHERE user_id = '{}'"
    assert shop.sql("users", groups.format(stored["id"])) == [(0,)]
    # Nor does the new account get a scope of staff.
    sku = shop.with_stock(1)
    answer = shop.call("PATCH", f"/api/v1/products/{sku}/", user=name, json={"stock": 9})
    assert answer.status_code == 403


def test_a_customer_changes_of_herself_what_the_profile_shows(shop: RunningShop) -> None:
    name = f"carol-{uuid.uuid4().hex[:8]}"
    secret = uuid.uuid4().hex
    account = {"username": name, "email": f"{name}@shop.example", "password": secret}
    assert (
        shop.call(
            "POST", "/api/v1/users/", user=None, by=from_elsewhere(), json=account
        ).status_code
        == 201
    )
    before = row(shop, "users", "users_user", "username", name)
    change = {"first_name": "Carol", "username": "admin", "password": "forged-password"}
    change["email"] = "forged@evil.example"
    was_refused(send(shop, "PATCH", "/api/v1/users/me/", change, name), 200)
    after = row(shop, "users", "users_user", "id", before["id"])
    changed = {column for column in before if before[column] != after[column]}
    assert changed <= {"first_name", "version"}, changed
    assert after["version"] <= before["version"] + 1
