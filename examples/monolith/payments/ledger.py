"""The double-entry ledger. Nothing else writes entries, so the books balance."""

from decimal import Decimal

from django.db.models import Sum

from payments.models import LedgerEntry

SHOP = "shop"


def book_capture(payment):
    """The customer's money comes to the shop."""
    _book(payment, f"customer:{payment.customer_id}", SHOP, payment.captured)


def book_refund(refund):
    """The shop's money goes back to the customer."""
    payment = refund.payment
    _book(payment, SHOP, f"customer:{payment.customer_id}", refund.amount, refund)


def balance(account):
    """What is on an account, in euros."""
    sums = LedgerEntry.objects.filter(account=account).aggregate(total=Sum("amount"))
    return sums["total"] or Decimal(0)


def _book(payment, source, target, amount, refund=None):
    LedgerEntry.objects.bulk_create(
        [
            LedgerEntry(payment=payment, refund=refund, account=source, amount=-amount),
            LedgerEntry(payment=payment, refund=refund, account=target, amount=amount),
        ]
    )
