"""Money is held, taken and given back once, whatever is repeated, slow or out of order."""

import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Sum

import ramet
from shop.money import Money
from shop.payments import ledger
from shop.payments.contract import Declined, PaymentClosed
from shop.payments.models import Entry, Movement, Payment
from shop.payments.providers import sandbox
from shop.payments.services import Till

pytestmark = pytest.mark.django_db

PRICE = Money.of(Decimal("12.50"))
till = Till()


def authorise(order: UUID, token: str = "tok_ok") -> UUID:
    return till.authorise(order, CUSTOMER, PRICE, token)


CUSTOMER = uuid4()
CARD = f"customer:{CUSTOMER}"


def balances(order: UUID) -> tuple[Decimal, Decimal, Decimal]:
    """The card, what is held, what the shop has."""
    total = Entry.objects.aggregate(total=Sum("amount"))["total"] or 0
    assert total == 0, "the books do not balance"
    return ledger.balance(CARD), ledger.balance(f"held:{order}"), ledger.balance(ledger.SHOP)


def test_authorised_money_is_held_and_captured_money_is_the_shops() -> None:
    order = uuid4()
    authorise(order)
    assert balances(order) == (-PRICE.amount, PRICE.amount, 0)
    till.capture(order)
    assert balances(order) == (-PRICE.amount, 0, PRICE.amount)


def test_repeating_any_action_changes_nothing() -> None:
    order = uuid4()
    assert authorise(order) == authorise(order)
    for action in (till.capture, till.refund):
        action(order)
        action(order)
    till.capture(order)
    assert balances(order) == (0, 0, 0)
    assert Movement.objects.count() == 3


def test_a_voided_payment_holds_nothing() -> None:
    order = uuid4()
    authorise(order)
    till.void(order)
    till.void(order)
    assert balances(order) == (0, 0, 0)
    with pytest.raises(PaymentClosed):
        till.capture(order)


def test_an_authorisation_that_comes_after_its_void_is_refused() -> None:
    order = uuid4()
    till.void(order)
    with pytest.raises(PaymentClosed):
        authorise(order)
    assert balances(order) == (0, 0, 0)


def test_captured_money_is_not_voided_and_money_never_taken_is_not_refunded() -> None:
    order = uuid4()
    authorise(order)
    with pytest.raises(PaymentClosed):
        till.refund(order)
    till.capture(order)
    with pytest.raises(PaymentClosed):
        till.void(order)
    with pytest.raises(PaymentClosed):
        till.capture(uuid4())
    assert balances(order) == (-PRICE.amount, 0, PRICE.amount)


@pytest.mark.parametrize(
    ("token", "reason"), [("tok_declined", "card_declined"), ("anything", "unknown_token")]
)
def test_a_declined_card_stays_declined(token: str, reason: str) -> None:
    order = uuid4()
    for asked in (token, "tok_ok"):
        with pytest.raises(Declined) as refusal:
            authorise(order, asked)
        assert refusal.value.reason == reason
    till.void(order)
    assert balances(order) == (0, 0, 0)


def test_the_flaky_bank_fails_every_other_time_per_order() -> None:
    for order in (uuid4(), uuid4()):
        with pytest.raises(ramet.Unavailable):
            authorise(order, "tok_flaky")
        authorise(order, "tok_flaky")


@pytest.mark.django_db(transaction=True)
def test_the_slow_bank_is_waited_for_without_a_transaction(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    states = []

    def look(seconds: float) -> None:
        states.append((seconds, connection.in_atomic_block))

    monkeypatch.setattr(sandbox.time, "sleep", look)
    authorise(uuid4(), "tok_slow")
    assert states == [(5.0, False)]


@pytest.mark.django_db(transaction=True)
def test_a_void_while_the_bank_is_thinking_wins(
    monkeypatch: pytest.MonkeyPatch, at_once: Callable[..., list[Any]]
) -> None:
    order = uuid4()
    is_thinking, may_answer = threading.Event(), threading.Event()

    def think(seconds: float) -> None:
        is_thinking.set()
        assert may_answer.wait(10)

    monkeypatch.setattr(sandbox.time, "sleep", think)

    def act(is_void: bool) -> None:
        if not is_void:
            authorise(order, "tok_slow")
        else:
            assert is_thinking.wait(10)
            till.void(order)
            may_answer.set()

    refusal, nothing = at_once(act, [False, True])
    assert isinstance(refusal, PaymentClosed)
    assert nothing is None
    assert balances(order) == (0, 0, 0)


@pytest.mark.django_db(transaction=True)
def test_a_payment_captured_ten_times_at_once_is_captured_once(
    at_once: Callable[..., list[Any]],
) -> None:
    order = uuid4()
    at_once(lambda _: authorise(order), range(10))
    assert at_once(lambda _: till.capture(order), range(10)) == [None] * 10
    assert Movement.objects.filter(kind="capture").count() == 1
    assert balances(order) == (-PRICE.amount, 0, PRICE.amount)


def test_the_database_refuses_a_second_capture() -> None:
    order = uuid4()
    authorise(order)
    till.capture(order)
    payment = Payment.objects.get(order_id=order)
    with pytest.raises(IntegrityError), transaction.atomic():
        ledger.record(payment, Movement.Kind.CAPTURE)


def test_the_database_refuses_to_refund_more_than_was_captured() -> None:
    order = uuid4()
    authorise(order)
    with pytest.raises(IntegrityError), transaction.atomic():
        Payment.objects.filter(order_id=order).update(refunded=1)


def test_an_order_that_costs_nothing_needs_no_money() -> None:
    order = uuid4()
    till.authorise(order, CUSTOMER, Money.of(0), "tok_ok")
    till.capture(order)
    till.refund(order)
    assert not Movement.objects.exists()
