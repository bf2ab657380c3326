"""Buying through the gateway, in both placements: every way an order can end."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.acceptance.invariants import assert_invariants
from tests.acceptance.running_shop import RunningShop
from tests.conftest import eventually


def test_an_order_is_confirmed_paid_and_its_stock_sold(shop: RunningShop) -> None:
    sku = shop.with_stock(5)
    order = shop.settled(shop.place((sku, 2)))
    assert order["status"] == "confirmed"
    assert order["total"] == {"amount": "25.00", "currency": "EUR"}
    assert order["lines"][0]["sku"] == sku
    assert order["timeline"], "a settled order tells what happened when"
    assert shop.product(sku)["stock"] == 3
    [payment] = shop.get(f"/api/v1/payments/?order={order['id']}")["results"]
    assert payment["captured"] == {"amount": "25.00", "currency": "EUR"}
    assert payment["refunded"] == {"amount": "0.00", "currency": "EUR"}
    assert_invariants(shop)


def test_an_order_for_more_than_there_is_is_cancelled_and_nothing_is_held(
    shop: RunningShop,
) -> None:
    scarce, plenty = shop.with_stock(1), shop.with_stock(9)
    order = shop.settled(shop.place((plenty, 2), (scarce, 2)))
    assert (order["status"], order["reason"]) == ("cancelled", "out_of_stock")
    assert (shop.product(scarce)["stock"], shop.product(plenty)["stock"]) == (1, 9)
    assert_invariants(shop)


def test_a_declined_card_cancels_the_order_and_gives_the_stock_back(shop: RunningShop) -> None:
    sku = shop.with_stock(3)
    order = shop.settled(shop.place((sku, 3), payment_token="tok_declined"))
    assert (order["status"], order["reason"]) == ("cancelled", "payment_declined")
    assert shop.product(sku)["stock"] == 3
    assert_invariants(shop)


def test_a_slow_bank_is_waited_for_and_holds_nobody_else_up(shop: RunningShop) -> None:
    slow = shop.place((shop.with_stock(1), 1), payment_token="tok_slow")
    quick = shop.settled(shop.place((shop.with_stock(1), 1)), within=4)
    assert quick["status"] == "confirmed"
    assert shop.settled(slow)["status"] == "confirmed"
    assert_invariants(shop)


def test_a_flaky_bank_is_asked_again_and_charges_once(shop: RunningShop) -> None:
    orders = [shop.place((shop.with_stock(1), 1), payment_token="tok_flaky") for _ in range(3)]
    for order in orders:
        assert shop.settled(order)["status"] == "confirmed"
        [payment] = shop.get(f"/api/v1/payments/?order={order}")["results"]
        assert payment["captured"]["amount"] == "12.50"
    assert_invariants(shop)


def test_a_confirmed_order_can_be_cancelled_and_is_refunded(shop: RunningShop) -> None:
    sku = shop.with_stock(4)
    order = shop.settled(shop.place((sku, 4)))
    answer = shop.call("POST", f"/api/v1/orders/{order['id']}/cancel/")
    assert answer.status_code in {200, 202}, answer.text
    cancelled = _cancelled(shop, order["id"])
    assert cancelled["reason"] == "by_customer"
    assert shop.product(sku)["stock"] == 4
    [payment] = shop.get(f"/api/v1/payments/?order={order['id']}")["results"]
    assert payment["refunded"] == {"amount": "50.00", "currency": "EUR"}
    assert_invariants(shop)


def test_an_order_cancelled_while_the_bank_thinks_ends_cancelled(shop: RunningShop) -> None:
    sku = shop.with_stock(1)
    order = shop.place((sku, 1), payment_token="tok_slow")
    assert shop.call("POST", f"/api/v1/orders/{order}/cancel/").status_code in {200, 202}
    assert _cancelled(shop, order)["reason"] == "by_customer"
    assert shop.product(sku)["stock"] == 1
    assert_invariants(shop)


def test_forty_orders_at_once_for_ten_pieces_confirm_exactly_ten(shop: RunningShop) -> None:
    sku = shop.with_stock(10)
    shop.token()
    with ThreadPoolExecutor(max_workers=40) as customers:
        orders = list(customers.map(lambda _: shop.place((sku, 1)), range(40)))
    ends = [shop.settled(order, within=60) for order in orders]
    assert sum(end["status"] == "confirmed" for end in ends) == 10
    assert {end["reason"] for end in ends if end["status"] == "cancelled"} == {"out_of_stock"}
    assert shop.product(sku)["stock"] == 0
    assert_invariants(shop)


def test_the_same_key_gives_the_same_order_and_another_body_is_refused(shop: RunningShop) -> None:
    sku, key = shop.with_stock(9), str(uuid.uuid4())
    first, again = shop.order((sku, 1), key=key), shop.order((sku, 1), key=key)
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json()["id"] == again.json()["id"]
    other = shop.order((sku, 2), key=key)
    assert other.status_code == 422, other.text
    assert other.headers["content-type"].startswith("application/problem+json")
    shop.settled(first.json()["id"])
    assert shop.product(sku)["stock"] == 8


def test_orders_and_payments_of_others_do_not_exist(shop: RunningShop) -> None:
    order = shop.place((shop.with_stock(1), 1))
    shop.settled(order)
    for method, path in (("GET", ""), ("POST", "cancel/")):
        answer = shop.call(method, f"/api/v1/orders/{order}/{path}", user="bob")
        assert answer.status_code == 404, answer.text
    assert shop.get(f"/api/v1/payments/?order={order}", user="bob")["results"] == []
    assert order not in {o["id"] for o in shop.get("/api/v1/orders/", user="bob")["results"]}


def test_signing_up_sends_a_welcome_mail_and_an_order_a_confirmation(
    shop: RunningShop,
) -> None:
    name = f"carol{uuid.uuid4().hex[:6]}"
    answer = shop.call(
        "POST",
        "/api/v1/users/",
        user=None,
        json={"username": name, "email": f"{name}@example.org", "password": uuid.uuid4().hex},
    )
    assert answer.status_code == 201, answer.text
    assert "password" not in answer.json()
    eventually(lambda: f"{name}@example.org" in _mails(shop), within=20, what="the welcome mail")
    order = shop.settled(shop.place((shop.with_stock(1), 1)))
    eventually(lambda: order["id"] in _mails(shop), within=20, what="the confirmation mail")


def _mails(shop: RunningShop) -> str:
    folder = shop.folder / ".ramet" / "mail"
    return "".join(path.read_text() for path in folder.rglob("*") if path.is_file())


def _cancelled(shop: RunningShop, order: str) -> dict[str, Any]:
    def cancelled() -> dict[str, Any] | None:
        found: dict[str, Any] = shop.get(f"/api/v1/orders/{order}/")
        return found if found["status"] == "cancelled" else None

    ended: dict[str, Any] = eventually(cancelled, within=30, what=f"{order} is cancelled")
    return ended
