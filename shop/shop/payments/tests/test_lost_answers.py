"""No hold stays on a customer's card when an answer was lost or a process was killed on the way.

The bank here has books of its own, and answers are lost after it has written into them.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db.models import Sum

import ramet
from shop.money import Money
from shop.payments import services
from shop.payments.contract import Declined, PaymentClosed
from shop.payments.models import Entry, Payment
from shop.payments.providers import Authorisation
from shop.payments.services import Till

pytestmark = pytest.mark.django_db

till = Till()


class Killed(BaseException):
    """`kill -9`: no `except Exception` of ours sees it."""


@dataclass
class Bank:
    """Holds money by reference; raises `lost[deed]` after the deed is done."""

    held: set[str] = field(default_factory=set)
    cancelled: set[str] = field(default_factory=set)
    lost: dict[str, BaseException] = field(default_factory=dict)
    on_authorise: Callable[[], None] = lambda: None

    def open(self, authorisation: Authorisation) -> str:
        self._answer("open")
        return f"bank_{authorisation.payment_id}"

    def authorise(self, reference: str, authorisation: Authorisation) -> None:
        self.on_authorise()
        if reference in self.cancelled:
            raise Declined(reason="canceled")
        self.held.add(reference)
        self._answer("authorise")

    def void(self, reference: str, *, key: str) -> None:
        assert reference
        self.cancelled.add(reference)
        self.held.discard(reference)
        self._answer("void")

    def _answer(self, deed: str) -> None:
        if (error := self.lost.pop(deed, None)) is not None:
            raise error


@pytest.fixture
def bank(monkeypatch: pytest.MonkeyPatch) -> Bank:
    bank = Bank()
    monkeypatch.setattr(services, "provider", lambda name: bank)
    return bank


def authorise(order: UUID) -> UUID:
    return till.authorise(order, uuid4(), Money.of(Decimal("12.50")), "tok_ok")


def is_settled_and_empty(order: UUID, bank: Bank) -> bool:
    """Neither the bank nor the books hold anything, and the payment is at its end."""
    balances = Entry.objects.values("account").annotate(total=Sum("amount"))
    return (
        not bank.held
        and all(entry["total"] == 0 for entry in balances)
        and Payment.objects.get(order_id=order).state == "voided"
    )


@pytest.mark.parametrize("end", [ramet.Unavailable("the line broke"), Killed()], ids=repr)
@pytest.mark.parametrize("deed", ["open", "authorise"])
def test_a_void_after_a_lost_answer_leaves_no_hold(bank: Bank, deed: str, end: Any) -> None:
    order = uuid4()
    bank.lost[deed] = end
    with pytest.raises(type(end)):
        authorise(order)
    assert bool(bank.held) is (deed == "authorise")
    till.void(order)
    assert is_settled_and_empty(order, bank)


def test_a_void_that_did_not_reach_the_bank_is_not_done_and_may_be_repeated(bank: Bank) -> None:
    order = uuid4()
    bank.lost = {"authorise": Killed(), "void": ramet.Unavailable("the line broke")}
    with pytest.raises(Killed):
        authorise(order)
    with pytest.raises(ramet.Unavailable):
        till.void(order)
    assert Payment.objects.get(order_id=order).state == "voiding"
    till.void(order)
    assert is_settled_and_empty(order, bank)


def test_a_repeated_authorisation_books_the_hold_whose_answer_was_lost(bank: Bank) -> None:
    order = uuid4()
    bank.lost["authorise"] = Killed()
    with pytest.raises(Killed):
        authorise(order)
    authorise(order)
    assert Payment.objects.get(order_id=order).state == "authorised"
    till.void(order)
    assert is_settled_and_empty(order, bank)


def test_an_authorisation_sent_late_is_refused_before_the_bank_is_asked(bank: Bank) -> None:
    order = uuid4()
    bank.lost["authorise"] = Killed()
    with pytest.raises(Killed):
        authorise(order)
    till.void(order)
    bank.on_authorise = lambda: pytest.fail("the bank was asked")
    with pytest.raises(PaymentClosed):
        authorise(order)
    assert is_settled_and_empty(order, bank)


def test_an_authorisation_that_reaches_the_bank_after_the_void_holds_nothing(bank: Bank) -> None:
    order = uuid4()
    bank.on_authorise = lambda: till.void(order)
    with pytest.raises(Declined):
        authorise(order)
    assert is_settled_and_empty(order, bank)


def test_a_void_while_the_bank_is_asked_for_its_name_stops_the_authorisation(bank: Bank) -> None:
    order = uuid4()
    opened = bank.open

    def voided_meanwhile(authorisation: Authorisation) -> str:
        till.void(order)
        return opened(authorisation)

    bank.open = voided_meanwhile  # type: ignore[method-assign]
    with pytest.raises(PaymentClosed):
        authorise(order)
    assert is_settled_and_empty(order, bank)
