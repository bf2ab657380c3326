"""Stock moves between buyable, reserved and sold, and nothing is lost or made on the way."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from ramet.calls import InvalidArgument
from shop.money import Money
from shop.products import stock
from shop.products.contract import Line, OutOfStock, ReservationClosed, UnknownProduct
from shop.products.models import Product

pytestmark = pytest.mark.django_db


@pytest.fixture
def spade(product: Callable[..., Product]) -> Product:
    return product("SPADE", stock=10, price="12.50")


def pieces(product: Product) -> tuple[int, int, int]:
    product.refresh_from_db()
    return product.stock, product.reserved, product.sold


def spades(quantity: int) -> list[Line]:
    return [Line(sku="SPADE", quantity=quantity)]


def test_reserving_holds_stock_and_tells_the_price(spade: Product) -> None:
    assert stock.reserve(uuid4(), spades(3)) == Money.of(3 * spade.price)
    assert pieces(spade) == (7, 3, 0)


def test_lines_of_the_same_product_are_added_together(spade: Product) -> None:
    with pytest.raises(OutOfStock):
        stock.reserve(uuid4(), spades(6) + spades(5))
    stock.reserve(uuid4(), spades(6) + spades(4))
    assert pieces(spade) == (0, 10, 0)


def test_all_lines_are_held_or_none(spade: Product, product: Callable[..., Product]) -> None:
    product("RAKE", stock=1)
    with pytest.raises(OutOfStock) as refusal:
        stock.reserve(uuid4(), [*spades(3), Line(sku="RAKE", quantity=2)])
    assert refusal.value.sku == "RAKE"
    assert pieces(spade) == (10, 0, 0)


def test_an_unknown_product_is_refused_by_name(spade: Product) -> None:
    with pytest.raises(UnknownProduct) as refusal:
        stock.reserve(uuid4(), [*spades(1), Line(sku="UNICORN", quantity=1)])
    assert refusal.value.sku == "UNICORN"
    assert pieces(spade) == (10, 0, 0)


@pytest.mark.parametrize("quantity", [0, -1])
def test_a_quantity_below_one_is_no_reservation(spade: Product, quantity: int) -> None:
    with pytest.raises(InvalidArgument) as error:
        stock.reserve(uuid4(), [*spades(1), *spades(quantity)])
    assert error.value.path == "lines[1].quantity"


def test_a_repeated_reservation_has_one_effect(spade: Product) -> None:
    order = uuid4()
    first = stock.reserve(order, spades(3))
    Product.objects.update(price="99.00")
    assert stock.reserve(order, spades(3)) == first
    assert pieces(spade) == (7, 3, 0)


def test_a_refused_reservation_may_succeed_later(spade: Product) -> None:
    order, other = uuid4(), uuid4()
    stock.reserve(other, spades(10))
    with pytest.raises(OutOfStock):
        stock.reserve(order, spades(1))
    stock.release(other)
    stock.reserve(order, spades(1))
    assert pieces(spade) == (9, 1, 0)


def test_releasing_twice_gives_back_once(spade: Product) -> None:
    order = uuid4()
    stock.reserve(order, spades(3))
    stock.release(order)
    stock.release(order)
    assert pieces(spade) == (10, 0, 0)


def test_a_reservation_that_comes_after_its_release_is_refused(spade: Product) -> None:
    order = uuid4()
    stock.release(order)
    with pytest.raises(ReservationClosed):
        stock.reserve(order, spades(3))
    assert pieces(spade) == (10, 0, 0)


def test_selling_twice_sells_once(spade: Product) -> None:
    order = uuid4()
    stock.reserve(order, spades(3))
    stock.sell(order)
    stock.sell(order)
    assert pieces(spade) == (7, 0, 3)


def test_what_is_sold_is_not_released(spade: Product) -> None:
    order = uuid4()
    stock.reserve(order, spades(3))
    stock.sell(order)
    with pytest.raises(ReservationClosed):
        stock.release(order)
    assert pieces(spade) == (7, 0, 3)


def test_what_is_not_held_is_not_sold(spade: Product) -> None:
    order = uuid4()
    with pytest.raises(ReservationClosed):
        stock.sell(order)
    stock.reserve(order, spades(3))
    stock.release(order)
    with pytest.raises(ReservationClosed):
        stock.sell(order)
    assert pieces(spade) == (10, 0, 0)


def test_restocking_twice_takes_back_once_and_a_late_sale_changes_nothing(spade: Product) -> None:
    order = uuid4()
    stock.reserve(order, spades(3))
    stock.sell(order)
    stock.restock(order)
    stock.restock(order)
    stock.sell(order)
    assert pieces(spade) == (10, 0, 0)


def test_what_was_not_sold_is_not_restocked(spade: Product) -> None:
    order = uuid4()
    stock.reserve(order, spades(3))
    with pytest.raises(ReservationClosed):
        stock.restock(order)
    assert pieces(spade) == (7, 3, 0)


@pytest.mark.parametrize("change", [{"stock": 11}, {"sold": 1}, {"stock": 11, "reserved": -1}])
def test_the_database_refuses_pieces_from_nowhere(spade: Product, change: dict[str, int]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Product.objects.filter(pk=spade.pk).update(**change)
