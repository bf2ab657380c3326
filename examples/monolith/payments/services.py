"""Taking money and giving it back, in the caller's transaction."""

from django.db import transaction

from core import notes
from payments import ledger
from payments.gateways import Declined, gateway
from payments.models import Payment, Refund, WebhookEvent

State = Payment.State


class PaymentDeclined(Exception):
    """The bank says no."""


def charge(payment, token):
    """Take the money that the payment is about. Raises PaymentDeclined."""
    bank = gateway()
    try:
        payment.reference = bank.charge(token, payment.authorised)
    except Declined as error:
        raise PaymentDeclined(str(error)) from error
    payment.provider = bank.name
    payment.captured = payment.authorised
    payment.state = State.CAPTURED
    payment.save()
    ledger.book_capture(payment)


@transaction.atomic
def refund(payment, by, reason):
    """Give back what was taken."""
    amount = payment.captured - payment.refunded
    gateway().refund(payment.reference, amount)
    made = Refund.objects.create(payment=payment, amount=amount, reason=reason, created_by=by)
    payment.refunded = payment.captured
    payment.state = State.REFUNDED
    payment.save()
    ledger.book_refund(made)
    return made


@transaction.atomic
def hear(provider, event_id, type, reference):
    """Take note of what a bank tells; a reversal cancels the order that was paid for."""
    from orders import services as orders  # orders.services imports payments
    from orders.models import Order

    payment = Payment.objects.filter(provider=provider, reference=reference).first()
    _, is_new = WebhookEvent.objects.get_or_create(
        provider=provider, event_id=event_id, defaults={"type": type, "payment": payment}
    )
    if is_new and payment and type == "payment.reversed" and payment.order.can_be_cancelled:
        orders.cancel(payment.order, by=None, reason=Order.Reason.BY_BANK)
        notes.leave(payment, f"reversed by {provider}")
