"""What orders does for customers, over HTTP and by contract alike."""

from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.db.models import OuterRef, Prefetch, QuerySet, Subquery

import ramet
from ramet.identity import current_user
from ramet.identity.user import User
from shop.money import Money
from shop.orders import contract, progress
from shop.orders.models import Customer, Line, Order, Product
from shop.orders.placing import place
from shop.orders.sagas import CancelOrder
from shop.pagination import NEWEST_FIRST


def orders() -> QuerySet[Order]:
    """Everybody's orders, with lines and timeline.

    Each order has the `customer`'s name, each line the `name` and `price` of its product, as last
    known: None where orders has not heard of it.
    """
    known = Product.objects.filter(sku=OuterRef("sku")).order_by("id")
    lines = Line.objects.annotate(
        name=Subquery(known.values("name")[:1]), price=Subquery(known.values("price")[:1])
    )
    names = Customer.objects.filter(pk=OuterRef("customer_id")).values("name")
    return Order.objects.annotate(customer=Subquery(names)).prefetch_related(
        Prefetch("lines", lines), "timeline"
    )


def orders_of(customer_id: UUID) -> QuerySet[Order]:
    """Everything that this customer ever ordered."""
    return orders().filter(customer_id=customer_id)


@transaction.atomic
def cancel(order_id: UUID, customer_id: UUID | None = None) -> None:
    """Ask for cancellation; stock and money go back when the saga has seen to it.

    Raises UnknownOrder, also for an order that is not this customer's (None: anybody's).
    """
    order, is_settled = progress.request_cancel(order_id, customer_id)
    if is_settled:
        CancelOrder.start(order_id=order.pk)


@ramet.implements(contract.Orders)
class Desk:
    """The contract."""

    def place(
        self, lines: list[contract.OrderLine], payment_token: str, key: str
    ) -> contract.OrderView:
        return as_placed(place(_caller(), lines, payment_token, key))

    def get(self, order_id: UUID) -> contract.OrderView:
        order = orders_of(_caller()).filter(pk=order_id).first()
        if order is None:
            raise contract.UnknownOrder(order_id=order_id)
        return as_view(order)

    def mine(self, cursor: str = "") -> contract.OrderPage:
        try:
            page = NEWEST_FIRST.page(orders_of(_caller()), cursor)
        except ValueError:
            raise contract.UnknownCursor(cursor=cursor) from None
        return contract.OrderPage(
            orders=[as_view(row) for row in page.rows], next_cursor=page.following
        )

    def cancel(self, order_id: UUID) -> contract.OrderView:
        cancel(order_id, _caller())
        return self.get(order_id)


def as_view(order: Order) -> contract.OrderView:
    """The order as it stands."""
    total: Decimal | None = order.total
    return contract.OrderView(
        id=order.pk,
        status=order.status,
        reason=order.reason or None,
        lines=[_as_line(line) for line in order.lines.all()],
        total=None if total is None else Money.of(total),
        created_at=order.created_at,
        timeline=[
            contract.Happening(what=entry.what, at=entry.at) for entry in order.timeline.all()
        ],
        customer=getattr(order, "customer", None),
    )


def _as_line(line: Line) -> contract.OrderedLine:
    # An order that was just placed has lines without a name: see `as_placed`.
    price: Decimal | None = getattr(line, "price", None)
    return contract.OrderedLine(
        sku=line.sku,
        quantity=line.quantity,
        name=getattr(line, "name", None),
        price=None if price is None else Money.of(price),
    )


def as_placed(order: Order) -> contract.OrderView:
    """The order as it was when it was placed: the answer to the request that placed it.

    A repetition of the request gets the same answer, whatever has become of the order since. So
    it has no names: those are as last known, and may be others the next time.
    """
    view = as_view(order)
    return contract.OrderView(
        id=view.id,
        status=Order.Status.PENDING,
        reason=None,
        lines=view.lines,
        total=None,
        created_at=view.created_at,
        timeline=[entry for entry in view.timeline if entry.what == "placed"],
    )


def _caller() -> UUID:
    user = current_user()
    if not isinstance(user, User) or not user.is_person:
        raise ramet.Forbidden("sign in to order")
    return user.id
