"""Orders for other services: they act for whoever's token comes along."""

from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest

import ramet
from ramet.calls import InvalidArgument
from ramet.identity import User, context
from shop.orders.contract import (
    KeyReused,
    OrderLine,
    Orders,
    UnknownCursor,
    UnknownOrder,
    UnknownProducts,
)
from shop.products.models import Product

pytestmark = pytest.mark.django_db
desk = ramet.client(Orders)


@pytest.fixture(autouse=True)
def _spade(product: Callable[..., Product]) -> None:
    product("SPADE")


@pytest.fixture
def _as_alice(alice: User) -> Iterator[None]:
    with context.use_token(alice.claims.token):
        yield


SPADE = [OrderLine(sku="SPADE", quantity=1)]


@pytest.mark.usefixtures("_as_alice")
def test_an_order_is_placed_once_per_key_and_found_again() -> None:
    placed = desk.place(SPADE, "tok_ok", "k")
    assert desk.place(SPADE, "tok_ok", "k") == placed
    assert desk.get(placed.id) == placed
    assert [order.id for order in desk.mine().orders] == [placed.id]


@pytest.mark.usefixtures("_as_alice")
def test_refusals_say_what_is_wrong() -> None:
    desk.place(SPADE, "tok_ok", "k")
    with pytest.raises(KeyReused):
        desk.place(SPADE, "tok_slow", "k")
    with pytest.raises(UnknownProducts) as refusal:
        desk.place([*SPADE, OrderLine(sku="UNICORN", quantity=1)], "tok_ok", "l")
    assert refusal.value.lines == [1]
    with pytest.raises(UnknownOrder):
        desk.get(uuid4())
    with pytest.raises(UnknownOrder):
        desk.cancel(uuid4())
    with pytest.raises(UnknownCursor):
        desk.mine("nonsense")


@pytest.mark.usefixtures("_as_alice")
def test_a_walk_over_the_pages_meets_every_order_once_newest_first() -> None:
    placed = [desk.place(SPADE, "tok_ok", str(number)).id for number in range(25)]
    first = desk.mine()
    second = desk.mine(first.next_cursor)
    assert [order.id for order in [*first.orders, *second.orders]] == placed[::-1]
    assert second.next_cursor == ""


def test_without_a_caller_there_are_no_orders() -> None:
    with pytest.raises(ramet.Forbidden):
        ramet.client(Orders).mine()


@pytest.mark.usefixtures("_as_alice")
@pytest.mark.parametrize(
    ("lines", "token", "key"),
    [
        ([], "tok_ok", "k"),
        ([OrderLine(sku="SPADE", quantity=0)], "tok_ok", "k"),
        (SPADE * 101, "t", "k"),
    ],
)
def test_what_the_public_api_refuses_is_refused_here_too(
    lines: list[OrderLine], token: str, key: str
) -> None:
    with pytest.raises(InvalidArgument):
        desk.place(lines, token, key)
