"""Moving stock for orders: each function locks, moves, and may be repeated.

Locks are always taken in the same order (the reservation, then its products by SKU), so two orders
over the same products wait for each other and never deadlock.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from ramet.calls import InvalidArgument
from shop.money import Money
from shop.products.contract import Line, OutOfStock, ReservationClosed, UnknownProduct, is_sku
from shop.products.models import Product, Reservation, ReservedItem

State = Reservation.State


@transaction.atomic
def reserve(order_id: UUID, lines: Iterable[Line]) -> Money:
    """Hold all lines or none; the contract's `reserve`. InvalidArgument: a quantity below one."""
    wanted = _merge(lines)
    # 1. Claim the order. A concurrent repetition waits here, then finds our row.
    reservation, is_new = _claim(order_id, State.HELD)
    if not is_new:
        if reservation.state in (State.RELEASED, State.RETURNED):
            raise ReservationClosed(order_id=order_id, state=reservation.state)
        return Money.of(reservation.price)
    # 2. Lock the products by SKU; only now is their stock certain.
    products = {product.sku: product for product in _locked(sku__in=[*filter(is_sku, wanted)])}
    for sku, quantity in wanted.items():
        if sku not in products:
            raise UnknownProduct(sku=sku)
        if products[sku].stock < quantity:
            raise OutOfStock(sku=sku)
    # 3. Move.
    for sku, quantity in wanted.items():
        products[sku].stock -= quantity
        products[sku].reserved += quantity
    Product.objects.bulk_update(products.values(), ["stock", "reserved"])
    ReservedItem.objects.bulk_create(
        ReservedItem(
            reservation=reservation,
            product=products[sku],
            quantity=quantity,
            price=products[sku].price,
        )
        for sku, quantity in wanted.items()
    )
    reservation.price = sum(
        (products[sku].price * quantity for sku, quantity in wanted.items()), Decimal(0)
    )
    reservation.save(update_fields=["price", "changed_at"])
    return Money.of(reservation.price)


@transaction.atomic
def release(order_id: UUID) -> None:
    """Held becomes buyable again; the contract's `release`."""
    reservation, is_new = _claim(order_id, State.RELEASED)
    if is_new or reservation.state == State.RELEASED:
        return
    _require(reservation, State.HELD)
    _move(reservation, "reserved", "stock", State.RELEASED)


@transaction.atomic
def sell(order_id: UUID) -> None:
    """Held becomes sold; the contract's `sell`. Returned stock was sold before, and stays."""
    reservation = _existing(order_id)
    if reservation.state in (State.SOLD, State.RETURNED):
        return
    _require(reservation, State.HELD)
    _move(reservation, "reserved", "sold", State.SOLD)


@transaction.atomic
def restock(order_id: UUID) -> None:
    """Sold becomes buyable again; the contract's `restock`."""
    reservation = _existing(order_id)
    if reservation.state == State.RETURNED:
        return
    _require(reservation, State.SOLD)
    _move(reservation, "sold", "stock", State.RETURNED)


def _merge(lines: Iterable[Line]) -> dict[str, int]:
    wanted: Counter[str] = Counter()
    for position, line in enumerate(lines):
        if line.quantity < 1:
            raise InvalidArgument("expected at least one piece", path=f"lines[{position}].quantity")
        wanted[line.sku] += line.quantity
    if not wanted:
        raise InvalidArgument("expected at least one line", path="lines")
    return dict(wanted)


def _claim(order_id: UUID, state: str) -> tuple[Reservation, bool]:
    # get_or_create first: on PostgreSQL the insert waits for a concurrent one of the same order.
    _, is_new = Reservation.objects.get_or_create(order_id=order_id, defaults={"state": state})
    return Reservation.objects.select_for_update().get(order_id=order_id), is_new


def _existing(order_id: UUID) -> Reservation:
    try:
        return Reservation.objects.select_for_update().get(order_id=order_id)
    except Reservation.DoesNotExist:
        raise ReservationClosed(order_id=order_id, state="none") from None


def _require(reservation: Reservation, state: str) -> None:
    if reservation.state != state:
        raise ReservationClosed(order_id=reservation.order_id, state=reservation.state)


def _locked(**which: object) -> Sequence[Product]:
    return list(Product.objects.select_for_update().filter(**which).order_by("sku"))


def _move(reservation: Reservation, source: str, target: str, state: str) -> None:
    quantities = dict(reservation.items.values_list("product_id", "quantity"))
    products = _locked(pk__in=quantities)
    for product in products:
        quantity = quantities[product.pk]
        setattr(product, source, getattr(product, source) - quantity)
        setattr(product, target, getattr(product, target) + quantity)
    Product.objects.bulk_update(products, [source, target])
    reservation.state = state
    reservation.save(update_fields=["state", "changed_at"])
