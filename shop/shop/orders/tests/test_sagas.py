"""What becomes of an order, through products and payments, until everything has settled."""

import threading
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from django.db.models import Sum

import ramet
from ramet.events.models import Outbox
from ramet.identity import User
from ramet.sagas.engine import run_due
from ramet.sagas.models import SagaRun
from shop.orders import handlers, services
from shop.orders.contract import OrderLine
from shop.orders.models import Order
from shop.orders.sagas import PlaceOrder
from shop.payments.events import PaymentReversed
from shop.payments.models import Entry, Movement, Payment
from shop.payments.providers import sandbox
from shop.products.models import Product, Reservation
from shop.products.services import Catalogue

pytestmark = pytest.mark.django_db(transaction=True)

Settle = Callable[..., None]


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


def published(order: Order) -> list[str]:
    events = Outbox.objects.filter(key=str(order.pk)).order_by("seq")
    return [name.split(".")[2] for name in events.values_list("type", flat=True)]


def test_an_order_that_can_be_paid_is_confirmed(
    alice: User, spade: Product, settle: Settle
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
    assert published(order) == ["OrderPlaced", "OrderConfirmed"]


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        ({"quantity": 11}, "out_of_stock"),
        ({"token": "tok_declined"}, "payment_declined"),
        ({"token": "made-up"}, "payment_declined"),
    ],
)
def test_an_order_that_is_refused_is_cancelled_with_the_reason(
    alice: User, spade: Product, settle: Settle, order: dict[str, Any], reason: str
) -> None:
    placed = place(alice, **order)
    settle()
    placed.refresh_from_db()
    spade.refresh_from_db()
    assert (placed.status, placed.reason) == ("cancelled", reason)
    assert spade.stock == 10
    assert published(placed) == ["OrderPlaced", "OrderCancelled"]


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
    # Steps have slots: the class attribute stands for every step's own. Fewer pauses to wait for.
    step = next(s for s in PlaceOrder.__ramet_saga__.steps if s.name == "authorise")
    monkeypatch.setattr(type(step), "attempts", 2, raising=False)
    order = place(alice)
    settle()
    order.refresh_from_db()
    assert (order.status, order.reason) == ("cancelled", "expired")


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
    alice: User, spade: Product, settle: Settle, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = place(alice)
    original = Catalogue.sell

    def sell(self: Catalogue, order_id: UUID) -> None:
        services.cancel(order_id, alice.id)
        original(self, order_id)

    monkeypatch.setattr(Catalogue, "sell", sell)
    settle()
    order.refresh_from_db()
    spade.refresh_from_db()
    assert (order.status, order.reason) == ("cancelled", "by_customer")
    assert (spade.stock, spade.sold) == (10, 0)
    assert Payment.objects.get().state == "refunded"


def test_a_confirmed_order_can_be_cancelled_and_only_once(
    alice: User, spade: Product, settle: Settle
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
    assert published(order) == ["OrderPlaced", "OrderConfirmed", "OrderCancelled"]


def test_an_order_whose_money_the_provider_gave_back_is_cancelled(
    alice: User, spade: Product, settle: Settle
) -> None:
    order = place(alice)
    settle()
    for _ in range(2):
        handlers.cancel_unpaid_order(PaymentReversed(order_id=order.pk))
    settle()
    order.refresh_from_db()
    assert order.status == "cancelled"


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
