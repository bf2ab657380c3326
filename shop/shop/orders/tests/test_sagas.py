"""What becomes of an order, through products and payments, until everything has settled."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Sum

import ramet
from ramet.identity import User
from ramet.sagas.engine import run_due
from ramet.sagas.models import SagaRun
from ramet.testing import Calls, Events, Sagas, Settle
from shop.orders import services
from shop.orders.contract import OrderLine
from shop.orders.events import OrderCancelled
from shop.orders.models import Order
from shop.orders.sagas import PlaceOrder
from shop.payments.contract import Payments
from shop.payments.events import PaymentReversed
from shop.payments.models import Entry, Movement, Payment
from shop.payments.providers import sandbox
from shop.products.contract import OutOfStock, Products
from shop.products.models import Product, Reservation

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.placements("monolith", "services"),
]


@pytest.fixture
def spade(product: Callable[..., Product]) -> Product:
    return product("SPADE", stock=10, price="12.50")


@pytest.fixture(autouse=True)
def _invariants(transactional_db: None) -> Iterator[None]:
    """After every test: what must hold at every moment when the system has settled."""
    yield
    assert (Entry.objects.aggregate(total=Sum("amount"))["total"] or 0) == 0
    for order in Order.objects.all():
        captured = Movement.objects.filter(payment__order_id=order.pk, kind="capture").count()
        payment = Payment.objects.filter(order_id=order.pk).first()
        stock = Reservation.objects.filter(order_id=order.pk).first()
        assert order.status != "pending"
        assert captured <= 1
        assert order.payment_token == ""
        if order.status == "confirmed":
            assert payment is not None
            assert (payment.state, stock and stock.state) == ("captured", "sold")
        else:
            held = 0 if payment is None else payment.authorised - payment.refunded
            assert held == 0
            assert stock is None or stock.state in ("released", "returned")


def place(user: User, *, quantity: int = 2, token: str = "tok_ok", key: str = "k") -> Order:
    return services.place(user.id, [OrderLine(sku="SPADE", quantity=quantity)], token, key)


def seen(order: Order) -> list[str]:
    return [entry.what for entry in order.timeline.all()]


def published(order: Order, events: Events) -> list[str]:
    return [type(event).__name__ for event in events.published if event.order_id == order.pk]


def test_an_order_that_can_be_paid_is_confirmed(
    alice: User, spade: Product, settle: Settle, events: Events
) -> None:
    order = place(alice)
    settle()
    order.refresh_from_db()
    spade.refresh_from_db()
    assert (order.status, str(order.total)) == ("confirmed", "25.00")
    assert (spade.stock, spade.reserved, spade.sold) == (8, 0, 2)
    assert seen(order) == [
        "placed",
        "accepted",
        "reserved",
        "authorised",
        "captured",
        "sold",
        "confirmed",
    ]
    assert published(order, events) == ["OrderPlaced", "OrderConfirmed"]


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        ({"quantity": 11}, "out_of_stock"),
        ({"token": "tok_declined"}, "payment_declined"),
        ({"token": "made-up"}, "payment_declined"),
    ],
)
def test_an_order_that_is_refused_is_cancelled_with_the_reason(
    alice: User,
    spade: Product,
    settle: Settle,
    events: Events,
    order: dict[str, Any],
    reason: str,
) -> None:
    placed = place(alice, **order)
    settle()
    placed.refresh_from_db()
    spade.refresh_from_db()
    assert (placed.status, placed.reason) == ("cancelled", reason)
    assert spade.stock == 10
    assert published(placed, events) == ["OrderPlaced", "OrderCancelled"]


def test_a_flaky_bank_is_asked_again(alice: User, spade: Product, settle: Settle) -> None:
    order = place(alice, token="tok_flaky")
    settle()
    order.refresh_from_db()
    assert order.status == "confirmed"
    assert Payment.objects.get().attempts == 2


def test_a_bank_that_stays_away_lets_the_order_expire(
    alice: User, spade: Product, settle: Settle, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: Any, reference: str, authorisation: Any) -> None:
        raise ramet.Unavailable("closed")

    monkeypatch.setattr(sandbox.Sandbox, "authorise", fail)
    order = place(alice)
    settle()
    order.refresh_from_db()
    assert (order.status, order.reason) == ("cancelled", "expired")
    assert Payment.objects.get().attempts == 6


def test_payments_that_stay_away_let_the_order_expire_as_soon_as_they_are_back(
    alice: User, spade: Product, settle: Settle, calls: Calls
) -> None:
    order = place(alice)
    calls.unavailable(Payments.authorise)
    calls.unavailable(Payments.void, times=3)
    settle()
    order.refresh_from_db()
    assert (order.status, order.reason) == ("cancelled", "expired")
    assert calls.count(Payments.authorise) == 6


def test_an_answer_that_gets_lost_is_asked_for_again_and_holds_nothing_twice(
    alice: User, spade: Product, settle: Settle, calls: Calls
) -> None:
    order = place(alice)
    lost = [
        calls.lose_answer(operation, times=1)
        for operation in (Products.reserve, Payments.authorise, Payments.capture, Products.sell)
    ]
    settle()
    order.refresh_from_db()
    spade.refresh_from_db()
    assert [fault.met for fault in lost] == [1, 1, 1, 1]
    assert order.status == "confirmed"
    assert (spade.stock, spade.reserved, spade.sold) == (8, 0, 2)


def test_a_slow_bank_uses_up_the_time_of_its_step(
    alice: User, spade: Product, settle: Settle, calls: Calls
) -> None:
    order = place(alice)
    calls.slow(Payments.authorise, "1h")
    settle()
    order.refresh_from_db()
    assert (order.status, order.reason) == ("cancelled", "expired")
    assert Payment.objects.get().state == "voided"


def test_stock_that_is_gone_when_it_is_asked_for_cancels_the_order(
    alice: User, spade: Product, settle: Settle, calls: Calls, events: Events
) -> None:
    order = place(alice)
    calls.refuse(Products.reserve, OutOfStock(sku="SPADE"))
    settle()
    assert [event.reason for event in events.of(OrderCancelled)] == ["out_of_stock"]
    order.refresh_from_db()
    assert order.status == "cancelled"


@pytest.mark.parametrize(
    "step",
    [
        PlaceOrder.open,
        PlaceOrder.reserve,
        PlaceOrder.authorise,
        PlaceOrder.decide,
        PlaceOrder.capture,
        PlaceOrder.sell,
        PlaceOrder.confirm,
    ],
    ids=lambda step: step.__name__,
)
def test_a_worker_that_dies_in_a_step_is_made_up_for(
    alice: User, spade: Product, sagas: Sagas, step: Any, events: Events
) -> None:
    order = place(alice)
    sagas.crash_before(step)
    sagas.crash_after(step)
    sagas.crash_after(step, committed=True)
    sagas.settle()
    order.refresh_from_db()
    assert order.status == "confirmed"
    assert published(order, events) == ["OrderPlaced", "OrderConfirmed"]


def test_a_pending_order_is_cancelled_before_it_is_paid(
    alice: User, spade: Product, settle: Settle
) -> None:
    order = place(alice)
    services.cancel(order.pk, alice.id)
    settle()
    order.refresh_from_db()
    assert (order.status, order.reason) == ("cancelled", "by_customer")
    assert not Movement.objects.filter(kind="capture").exists()


def test_a_cancellation_after_the_decision_refunds_what_was_taken(
    alice: User, spade: Product, settle: Settle, sagas: Sagas
) -> None:
    order = place(alice)
    sagas.until(PlaceOrder.sell)
    services.cancel(order.pk, alice.id)
    settle()
    order.refresh_from_db()
    spade.refresh_from_db()
    assert (order.status, order.reason) == ("cancelled", "by_customer")
    assert (spade.stock, spade.sold) == (10, 0)
    assert Payment.objects.get().state == "refunded"


def test_a_confirmed_order_can_be_cancelled_and_only_once(
    alice: User, spade: Product, settle: Settle, events: Events
) -> None:
    order = place(alice)
    settle()
    for _ in range(2):
        services.cancel(order.pk, alice.id)
    settle()
    services.cancel(order.pk, alice.id)
    settle()
    order.refresh_from_db()
    spade.refresh_from_db()
    assert (order.status, order.reason) == ("cancelled", "by_customer")
    assert (spade.stock, spade.sold) == (10, 0)
    assert SagaRun.objects.count() == 2
    assert seen(order)[-4:] == ["cancel_requested", "refunded", "restocked", "cancelled"]
    assert published(order, events) == ["OrderPlaced", "OrderConfirmed", "OrderCancelled"]


def test_an_order_whose_money_the_provider_gave_back_is_cancelled(
    alice: User, spade: Product, settle: Settle, events: Events
) -> None:
    order = place(alice)
    settle()
    events.duplicate(PaymentReversed)
    events.drop_connection()
    with transaction.atomic():
        ramet.publish(PaymentReversed(order_id=order.pk), PaymentReversed(order_id=order.pk))
    settle()
    order.refresh_from_db()
    assert order.status == "cancelled"
    assert len(events.of(OrderCancelled)) == 1


def test_forty_orders_at_once_for_ten_pieces_confirm_exactly_ten(
    alice: User, spade: Product, at_once: Callable[..., list[Any]]
) -> None:
    at_once(lambda number: place(alice, quantity=1, key=str(number)), range(40))
    is_done = threading.Event()

    def work(name: int) -> None:
        while not is_done.is_set():
            run_due(f"worker-{name}")
            if not SagaRun.objects.filter(status__in=["running", "compensating"]).exists():
                is_done.set()

    assert at_once(work, range(4)) == [None] * 4
    spade.refresh_from_db()
    assert Order.objects.filter(status="confirmed").count() == 10
    assert Order.objects.filter(status="cancelled", reason="out_of_stock").count() == 30
    assert (spade.stock, spade.reserved, spade.sold) == (0, 0, 10)
