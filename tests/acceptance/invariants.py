"""What must hold whenever the shop has settled, read by SQL from each service's own database.

The rules are the shop's promises (docs/explanation/the-shop.md). Nothing here asks the shop's code.
"""

import time
from collections.abc import Callable
from typing import Any

import psycopg

from tests.acceptance.running_shop import RunningShop

Rows = list[tuple[Any, ...]]


def assert_invariants(
    shop: RunningShop, *, within: float = 30, clock: Callable[[], float] = time.monotonic
) -> None:
    """Wait until nothing is under way, then check every rule; report all that are broken.

    `within` are seconds on `clock`.
    """
    _wait_until_settled(shop, within, clock)
    broken = {rule.__doc__ or rule.__name__: found for rule in RULES if (found := rule(shop))}
    assert not broken, "\n".join(f"{rule}\n    {rows}" for rule, rows in broken.items())


def _wait_until_settled(
    shop: RunningShop, within: float, clock: Callable[[], float] = time.monotonic
) -> None:
    deadline = clock() + within
    while moving := under_way_now(shop):
        assert clock() < deadline, f"not settled within {within} s: {moving}"
        time.sleep(0.1)


def under_way_now(shop: RunningShop) -> dict[str, Any]:
    """What has not settled, by what it is."""
    try:
        return _under_way(shop)
    except psycopg.OperationalError as error:  # it was killed, and comes back
        return {"a database cannot be reached": error}


def _under_way(shop: RunningShop) -> dict[str, Any]:
    pending = shop.sql("orders", "SELECT id FROM orders_order WHERE status = 'pending'")
    running = shop.sql(
        "orders",
        "SELECT id, status, error FROM ramet_sagas_sagarun"
        " WHERE status NOT IN ('completed', 'compensated')",
    )
    moving: dict[str, Any] = {"orders still pending": pending, "sagas": running}
    for service in ("users", "products", "orders", "payments"):
        moving[f"outbox of {service}"] = shop.sql(service, "SELECT type FROM ramet_events_outbox")
        moving[f"inbox of {service}"] = shop.sql(
            service,
            "SELECT handler, state, error FROM ramet_events_inbox"
            " WHERE state NOT IN ('done', 'discarded')",
        )
    # What the broker has, and a service that was away has not fetched, is in neither table.
    moving["letters to be written"] = _without_letter(*_confirmed_and_letters(shop))
    return {what: rows for what, rows in moving.items() if rows}


def at_most_one_capture_per_order(shop: RunningShop) -> Rows:
    """At most one capture per order."""
    return shop.sql(
        "payments",
        "SELECT p.order_id, count(*) FROM payments_movement m JOIN payments_payment p"
        " ON p.id = m.payment_id WHERE m.kind = 'capture' GROUP BY p.order_id HAVING count(*) > 1",
    )


def no_piece_appears_or_vanishes(shop: RunningShop) -> Rows:
    """Per product stock + reserved + sold is what was supplied, as the reservations say."""
    return shop.sql(
        "products",
        "SELECT sku, supplied, stock, reserved, sold, held, gone FROM products_product"
        " CROSS JOIN LATERAL (SELECT"
        "   coalesce(sum(i.quantity) FILTER (WHERE r.state = 'held'), 0) AS held,"
        "   coalesce(sum(i.quantity) FILTER (WHERE r.state = 'sold'), 0) AS gone"
        "   FROM products_reserveditem i JOIN products_reservation r"
        "   ON r.order_id = i.reservation_id WHERE i.product_id = products_product.id) AS item"
        " WHERE stock + reserved + sold <> supplied OR reserved <> held OR sold <> gone",
    )


def the_ledger_sums_to_zero(shop: RunningShop) -> Rows:
    """Money in the ledger sums to zero, in all and per movement."""
    return shop.sql(
        "payments",
        "SELECT movement_id, sum(amount) FROM payments_entry GROUP BY movement_id"
        " HAVING sum(amount) <> 0 OR count(*) <> 2",
    )


def a_confirmed_order_is_paid_and_its_stock_sold(shop: RunningShop) -> Rows:
    """A confirmed order is paid in full and its stock sold."""
    confirmed = shop.sql("orders", "SELECT id, total FROM orders_order WHERE status = 'confirmed'")
    paid = dict(shop.sql("payments", "SELECT order_id, captured - refunded FROM payments_payment"))
    stock = dict(shop.sql("products", "SELECT order_id, state FROM products_reservation"))
    return [
        (order, total, paid.get(order), stock.get(order))
        for order, total in confirmed
        if paid.get(order) != total or stock.get(order) != "sold"
    ]


def a_cancelled_order_holds_nothing(shop: RunningShop) -> Rows:
    """A cancelled order holds neither stock nor money."""
    cancelled = shop.sql("orders", "SELECT id FROM orders_order WHERE status = 'cancelled'")
    stock = dict(shop.sql("products", "SELECT order_id, state FROM products_reservation"))
    money = dict(
        shop.sql(
            "payments",
            "SELECT p.order_id, sum(e.amount) FROM payments_entry e"
            " JOIN payments_movement m ON m.id = e.movement_id"
            " JOIN payments_payment p ON p.id = m.payment_id"
            " WHERE e.account LIKE 'customer:%'"
            " GROUP BY p.order_id",
        )
    )
    return [
        (order, stock.get(order), money.get(order))
        for (order,) in cancelled
        if stock.get(order) not in {None, "released", "returned"} or money.get(order, 0) != 0
    ]


def every_event_has_one_effect_per_handler(shop: RunningShop) -> Rows:
    """Every event has exactly one effect: one confirmation letter for each order once confirmed."""
    orders, letters = _confirmed_and_letters(shop)
    return _without_letter(orders, letters) + [
        ("a letter too many", *row)
        for row in {row for row in letters if letters.count(row) > 1 or row not in orders}
    ]


def _confirmed_and_letters(shop: RunningShop) -> tuple[Rows, Rows]:
    orders = shop.sql("orders", "SELECT order_id FROM orders_happening WHERE what = 'confirmed'")
    letters = shop.sql("users", "SELECT subject_id FROM users_letter WHERE kind = 'confirmation'")
    return orders, letters


def _without_letter(orders: Rows, letters: Rows) -> Rows:
    return [("confirmed, but no letter", *row) for row in set(orders) - set(letters)]


def nothing_stays_reserved(shop: RunningShop) -> Rows:
    """Nothing stays reserved once every order has ended."""
    return shop.sql("products", "SELECT order_id FROM products_reservation WHERE state = 'held'")


RULES: tuple[Callable[[RunningShop], Rows], ...] = (
    at_most_one_capture_per_order,
    no_piece_appears_or_vanishes,
    the_ledger_sums_to_zero,
    a_confirmed_order_is_paid_and_its_stock_sold,
    a_cancelled_order_holds_nothing,
    every_event_has_one_effect_per_handler,
    nothing_stays_reserved,
)
