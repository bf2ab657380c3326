"""The double-entry ledger. Nothing else writes movements, so the books always balance.

Accounts: `customer:<id>` (the customer's card), `held:<order>` (authorised, not yet taken) and
`shop`. No account has a balance column: a balance is the sum of its entries.
"""

from decimal import Decimal

from django.db.models import Sum

from shop.payments.models import Entry, Movement, Payment

Kind = Movement.Kind

SHOP = "shop"


def customer_account(payment: Payment) -> str:
    """The account that stands for the customer's card."""
    return f"customer:{payment.customer_id}"


def held_account(payment: Payment) -> str:
    """Where an order's money waits between authorisation and capture."""
    return f"held:{payment.order_id}"


def record(payment: Payment, kind: Kind) -> Movement | None:
    """Book the movement of the payment's whole amount, in the caller's transaction.

    IntegrityError if this payment has had such a movement: a capture is never booked twice.
    A payment over nothing moves nothing, and None comes back.
    """
    source, target = {
        Kind.AUTHORISE: (customer_account(payment), held_account(payment)),
        Kind.VOID: (held_account(payment), customer_account(payment)),
        Kind.CAPTURE: (held_account(payment), SHOP),
        Kind.REFUND: (SHOP, customer_account(payment)),
    }[kind]
    amount: Decimal = payment.authorised
    if not amount:
        return None
    movement = Movement.objects.create(payment=payment, kind=kind)
    Entry.objects.bulk_create(
        [
            Entry(movement=movement, account=source, amount=-amount),
            Entry(movement=movement, account=target, amount=amount),
        ]
    )
    return movement


def balance(account: str) -> Decimal:
    """What is on an account, in euros."""
    total: Decimal | None = Entry.objects.filter(account=account).aggregate(total=Sum("amount"))[
        "total"
    ]
    return total or Decimal(0)
