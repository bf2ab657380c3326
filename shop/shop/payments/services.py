"""What payments does. Every action has the same three parts, because a bank is slow and may fail:

1. look at the payment under its lock, decide, commit;
2. ask the provider, with no transaction open and under a key that makes repetition harmless;
3. lock again, see whether the world moved on meanwhile, book the outcome, commit.

A crash between the parts leaves a payment that the repeated action finishes.
"""

from decimal import Decimal
from uuid import UUID

from django.conf import settings
from django.db import transaction

import ramet
from shop.money import Money
from shop.payments import contract, ledger
from shop.payments.contract import Declined, PaymentClosed
from shop.payments.events import PaymentReversed
from shop.payments.models import Movement, Payment, ProviderEvent
from shop.payments.providers import Authorisation, Notice, provider

State = Payment.State
Kind = Movement.Kind


@ramet.implements(contract.Payments)
class Till:
    """The contract."""

    def authorise(
        self, order_id: UUID, customer_id: UUID, amount: Money, payment_token: str
    ) -> UUID:
        # 1. Count the attempt durably: a provider may answer by it, and a crash must not undo it.
        with transaction.atomic():
            payment = _claim(order_id, customer_id)
            if payment.state in (State.AUTHORISED, State.CAPTURED):
                return payment.pk
            if payment.state == State.DECLINED:
                raise Declined(reason=payment.decline_reason)
            _require(payment, State.PENDING)
            payment.attempts += 1
            payment.save(update_fields=["attempts", "changed_at"])
        bank = provider(payment.provider)
        wanted = Authorisation(
            payment_id=payment.pk,
            order_id=order_id,
            amount=amount,
            token=payment_token,
            attempt=payment.attempts,
        )
        # 2. First the provider's name for the payment: whatever becomes of the rest, and of us, a
        #    void can then say what to let go of. After that, seconds may pass.
        reference = payment.reference or _keep_reference(order_id, bank.open(wanted))
        try:
            bank.authorise(reference, wanted)
        except Declined as refusal:
            _note_decline(order_id, refusal.reason)
            raise
        # 3. A void may have come while the bank was thinking: then the hold must go at once.
        with transaction.atomic():
            payment = _locked(order_id)
            if payment.state == State.PENDING:
                payment.state = State.AUTHORISED
                payment.authorised = amount.amount
                payment.save()
                ledger.record(payment, Kind.AUTHORISE)
        if payment.state in (State.VOIDING, State.VOIDED):
            bank.void(reference, key=f"{payment.pk}/void")
        if payment.state not in (State.AUTHORISED, State.CAPTURED):
            raise PaymentClosed(order_id=order_id, state=payment.state)
        return payment.pk

    def void(self, order_id: UUID) -> None:
        # 1. An authorisation that is on its way, or has not begun, finds this and gives up.
        with transaction.atomic():
            payment = _claim(order_id, None)
            if payment.state == State.PENDING:
                payment.state = State.VOIDING if payment.reference else State.VOIDED
                payment.save(update_fields=["state", "changed_at"])
        if payment.state in (State.VOIDED, State.DECLINED):
            return
        before = State(payment.state)
        if before != State.VOIDING:
            _require(payment, State.AUTHORISED)
        # 2. Also where no answer to the authorisation ever came: the money may be held.
        provider(payment.provider).void(payment.reference, key=f"{payment.pk}/void")
        # 3.
        _settle(order_id, before, State.VOIDED)

    def capture(self, order_id: UUID) -> None:
        payment = _existing(order_id)
        if payment.state in (State.CAPTURED, State.REFUNDED):
            return
        _require(payment, State.AUTHORISED)
        provider(payment.provider).capture(
            payment.reference, Money.of(payment.authorised), key=f"{payment.pk}/capture"
        )
        _settle(order_id, State.AUTHORISED, State.CAPTURED)

    def refund(self, order_id: UUID) -> None:
        payment = _existing(order_id)
        if payment.state == State.REFUNDED:
            return
        _require(payment, State.CAPTURED)
        provider(payment.provider).refund(
            payment.reference, Money.of(payment.captured), key=f"{payment.pk}/refund"
        )
        _settle(order_id, State.CAPTURED, State.REFUNDED)


class TooEarly(Exception):
    """A notice speaks of what the shop has not booked yet. Nothing is noted: tell it again."""


@transaction.atomic
def take_notice(provider_name: str, notice: Notice) -> None:
    """Act on what a provider told by webhook; the same notice again changes nothing.

    Only money that went back concerns the shop: everything else it caused, and knows, itself.
    Raises TooEarly for money that went back before the shop has booked that it came.
    """
    _, is_new = ProviderEvent.objects.get_or_create(
        provider=provider_name,
        event_id=notice.id,
        defaults={"type": notice.type, "reference": notice.reference},
    )
    if not is_new or not notice.is_reversal:
        return
    payment = (
        Payment.objects.select_for_update()
        .filter(provider=provider_name, reference=notice.reference)
        .exclude(reference="")
        .first()
    )
    # The answer to our capture, or to our void (Stripe calls that a refund too), is on its way.
    if payment is not None and payment.state in (State.PENDING, State.AUTHORISED, State.VOIDING):
        raise TooEarly
    if payment is not None and payment.state == State.CAPTURED:
        _book(payment, State.REFUNDED)
        ramet.publish(PaymentReversed(order_id=payment.order_id))


def _claim(order_id: UUID, customer_id: UUID | None) -> Payment:
    Payment.objects.get_or_create(
        order_id=order_id,
        defaults={"customer_id": customer_id, "provider": settings.PAYMENT_PROVIDER},
    )
    return _locked(order_id)


def _locked(order_id: UUID) -> Payment:
    return Payment.objects.select_for_update().get(order_id=order_id)


def _existing(order_id: UUID) -> Payment:
    payment = Payment.objects.filter(order_id=order_id).first()
    if payment is None:
        raise PaymentClosed(order_id=order_id, state="none")
    return payment


def _require(payment: Payment, state: str) -> None:
    if payment.state != state:
        raise PaymentClosed(order_id=payment.order_id, state=payment.state)


@transaction.atomic
def _keep_reference(order_id: UUID, reference: str) -> str:
    """Remember the provider's name for the payment, and return it; the first one stays.

    Raises PaymentClosed if a void came first: then the provider must not be asked for money.
    """
    payment = _locked(order_id)
    if not payment.reference:
        _require(payment, State.PENDING)
        payment.reference = reference
        payment.save(update_fields=["reference", "changed_at"])
    return payment.reference


def _note_decline(order_id: UUID, reason: str) -> None:
    Payment.objects.filter(order_id=order_id, state=State.PENDING).update(
        state=State.DECLINED, decline_reason=reason[:200]
    )


@transaction.atomic
def _settle(order_id: UUID, before: State, after: State) -> None:
    # A concurrent repetition of the same action may have booked it already.
    payment = _locked(order_id)
    if payment.state == before:
        _book(payment, after)


def _book(payment: Payment, after: State) -> None:
    """Write a finished action into the ledger and the payment, in the caller's transaction."""
    match after:
        case State.CAPTURED:
            ledger.record(payment, Kind.CAPTURE)
            payment.captured = payment.authorised
        case State.REFUNDED:
            ledger.record(payment, Kind.REFUND)
            payment.refunded = payment.captured
            ramet.audit("payment.refunded", subject=payment.order_id, amount=payment.refunded)
        case State.VOIDED:
            ledger.record(payment, Kind.VOID)
            payment.authorised = Decimal(0)
    payment.state = after
    payment.save()
