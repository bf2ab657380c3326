"""Taking orders, once per idempotency key."""

import json
from collections.abc import Sequence
from hashlib import sha256
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction

import ramet
from ramet import telemetry
from ramet.calls import InvalidArgument
from shop.orders import contract
from shop.orders.contract import KeyReused, OrderLine, UnknownProducts
from shop.orders.events import OrderPlaced
from shop.orders.models import Happening, Line, Order, PlacementKey, Product
from shop.orders.sagas import PlaceOrder
from shop.products.contract import Products, is_sku


def place(customer_id: UUID, lines: Sequence[OrderLine], payment_token: str, key: str) -> Order:
    """A new pending order, or the one that the same key and content made before.

    Call it outside a transaction: it may ask products whether they exist. Raises UnknownProducts,
    KeyReused, and InvalidArgument for what no order can have.
    """
    _refuse_impossible(lines, payment_token, key)
    fingerprint = _fingerprint(lines, payment_token)
    # 1. A repetition is answered without asking anybody: the first answer stands.
    if order := _placed_before(customer_id, key, fingerprint):
        return order
    # 2. Better now than by a cancelled order. If products cannot answer, the saga finds out.
    _refuse_unknown_products(lines)
    # 3. Of two first requests at once, the key's constraint lets one through; the other waits for
    #    its commit, fails, and finds what it made.
    try:
        return _create(customer_id, lines, payment_token, key, fingerprint)
    except IntegrityError:
        order = _placed_before(customer_id, key, fingerprint)
        if order is None:
            raise
        return order


def _refuse_impossible(lines: Sequence[OrderLine], payment_token: str, key: str) -> None:
    # The public API refuses these with more words; a caller of the contract may send anything.
    if not 1 <= len(lines) <= contract.MOST_LINES:
        raise InvalidArgument(f"expected 1 to {contract.MOST_LINES} lines", path="lines")
    for position, line in enumerate(lines):
        if not is_sku(line.sku):
            raise InvalidArgument("not a SKU", path=f"lines[{position}].sku")
        if not 1 <= line.quantity <= contract.MOST_PIECES:
            path = f"lines[{position}].quantity"
            raise InvalidArgument(f"expected 1 to {contract.MOST_PIECES}", path=path)
    for name, text, most in (
        ("payment_token", payment_token, contract.LONGEST_TOKEN),
        ("key", key, contract.LONGEST_KEY),
    ):
        if not 1 <= len(text) <= most or not text.isprintable():
            raise InvalidArgument(f"expected 1 to {most} printable characters", path=name)


def _fingerprint(lines: Sequence[OrderLine], payment_token: str) -> str:
    content = [[(line.sku, line.quantity) for line in lines], payment_token]
    return sha256(json.dumps(content).encode()).hexdigest()


def _placed_before(customer_id: UUID, key: str, fingerprint: str) -> Order | None:
    used = (
        PlacementKey.objects.select_related("order")
        .filter(customer_id=customer_id, key=key)
        .first()
    )
    if used is None:
        return None
    if used.fingerprint != fingerprint:
        raise KeyReused(key=key)
    order: Order = used.order
    return order


def _refuse_unknown_products(lines: Sequence[OrderLine]) -> None:
    skus = {line.sku for line in lines}
    known = set(Product.objects.filter(sku__in=skus).values_list("sku", flat=True))
    # A product may be too new to have been heard of: only products can say that it does not exist.
    if unheard_of := sorted(skus - known):
        try:
            known |= {product.sku for product in ramet.client(Products).find(unheard_of)}
        except (ramet.Unavailable, ramet.DeadlineExceeded):
            return
    unknown = [position for position, line in enumerate(lines) if line.sku not in known]
    if unknown:
        raise UnknownProducts(lines=unknown)


@transaction.atomic
def _create(
    customer_id: UUID, lines: Sequence[OrderLine], payment_token: str, key: str, fingerprint: str
) -> Order:
    order = Order.objects.create(id=uuid4(), customer_id=customer_id, payment_token=payment_token)
    PlacementKey.objects.create(
        customer_id=customer_id, key=key, fingerprint=fingerprint, order=order
    )
    Line.objects.bulk_create(
        Line(order=order, position=position, sku=line.sku, quantity=line.quantity)
        for position, line in enumerate(lines)
    )
    Happening.objects.create(order=order, what="placed")
    telemetry.annotate(order_id=order.pk)
    ramet.publish(OrderPlaced(order_id=order.pk, customer_id=customer_id))
    PlaceOrder.start(order_id=order.pk)
    return order
