"""Many orders at once over the same products, on a real PostgreSQL."""

from collections import Counter
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from shop.products import services, stock
from shop.products.contract import Line, OutOfStock, ReservationClosed
from shop.products.models import Product

pytestmark = pytest.mark.django_db(transaction=True)

AtOnce = Callable[..., list[Any]]


def test_forty_orders_for_ten_pieces_get_exactly_ten(
    product: Callable[..., Product], at_once: AtOnce
) -> None:
    spade = product("SPADE", stock=10)
    outcomes = at_once(
        lambda order: stock.reserve(order, [Line(sku="SPADE", quantity=1)]),
        [uuid4() for _ in range(40)],
    )
    assert Counter(type(outcome).__name__ for outcome in outcomes) == {
        "Money": 10,
        "OutOfStock": 30,
    }
    spade.refresh_from_db()
    assert (spade.stock, spade.reserved) == (0, 10)


def test_orders_over_the_same_products_in_any_order_do_not_deadlock(
    product: Callable[..., Product], at_once: AtOnce
) -> None:
    for sku in "ABCD":
        product(sku, stock=1000)

    def order(number: int) -> None:
        skus = "ABCD" if number % 2 else "DCBA"
        for _ in range(5):
            id = uuid4()
            stock.reserve(id, [Line(sku=sku, quantity=1) for sku in skus])
            (stock.sell if number % 3 else stock.release)(id)

    assert at_once(order, range(16)) == [None] * 16
    assert {p.stock + p.sold for p in Product.objects.all()} == {1000}
    assert {p.reserved for p in Product.objects.all()} == {0}


def test_a_reservation_repeated_at_once_has_one_effect(
    product: Callable[..., Product], at_once: AtOnce
) -> None:
    spade = product("SPADE", stock=10)
    order = uuid4()
    prices = at_once(lambda _: stock.reserve(order, [Line(sku="SPADE", quantity=2)]), range(10))
    assert len(set(prices)) == 1
    spade.refresh_from_db()
    assert (spade.stock, spade.reserved) == (8, 2)


def test_a_release_and_a_reservation_at_once_leave_nothing_held(
    product: Callable[..., Product], at_once: AtOnce
) -> None:
    spade = product("SPADE", stock=100)

    def act(job: tuple[Any, bool]) -> None:
        order, is_release = job
        if is_release:
            stock.release(order)
        else:
            stock.reserve(order, [Line(sku="SPADE", quantity=1)])

    orders = [uuid4() for _ in range(10)]
    jobs = [(order, is_release) for order in orders for is_release in (False, True)]
    outcomes = at_once(act, jobs)
    unexpected = [o for o in outcomes if o is not None and not isinstance(o, ReservationClosed)]
    assert not unexpected
    spade.refresh_from_db()
    assert (spade.stock, spade.reserved) == (100, 0)


def test_a_delivery_during_sales_loses_no_piece(
    product: Callable[..., Product], at_once: AtOnce
) -> None:
    spade = product("SPADE", stock=50)

    def act(number: int) -> None:
        if number % 4:
            id = uuid4()
            try:
                stock.reserve(id, [Line(sku="SPADE", quantity=1)])
            except OutOfStock:
                return
            stock.sell(id)
        else:
            services.change(spade.pk, {"stock": 20})

    assert at_once(act, range(16)) == [None] * 16
    spade.refresh_from_db()
    assert spade.sold == 12
    assert spade.supplied == spade.stock + spade.sold
