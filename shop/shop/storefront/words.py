"""The customer's words for what the orders service calls by identifiers."""

from collections.abc import Sequence

STATUS_WORDS = {"pending": "In progress", "confirmed": "Confirmed", "cancelled": "Cancelled"}

REASON_WORDS = {
    "out_of_stock": "Somebody was faster: at least one article is no longer in stock. "
    "You have not been charged.",
    "payment_declined": "Your bank declined the payment. You have not been charged; "
    "a different card may work.",
    "expired": "We could not complete this order in time. You have not been charged.",
    "by_customer": "You cancelled this order. Whatever was paid goes back to your card.",
}

# What happens between two of these is the shop's own business, such as the order being "accepted".
HAPPENING_WORDS = {
    "placed": "Order received",
    "reserved": "Articles reserved",
    "authorised": "Card approved",
    "captured": "Payment taken",
    "sold": "Articles set aside",
    "confirmed": "Order confirmed",
    "cancel_requested": "You asked us to cancel",
    "released": "Reservation ended",
    "voided": "Payment stopped",
    "refunded": "Money refunded",
    "restocked": "Articles back on the shelf",
    "cancelled": "Order cancelled",
}

# The first of these that has not happened is what an order waits for.
_NEXT = (
    ("reserved", "Reserving your articles"),
    ("authorised", "Waiting for your bank"),
    ("captured", "Taking the payment"),
    ("confirmed", "Confirming your order"),
)
_BACKWARDS = frozenset(("cancel_requested", "released", "voided", "refunded", "restocked"))


def verdict(status: str, reason: str | None, *, being_cancelled: bool) -> str:
    """One or two sentences on where an order stands, for the person who placed it."""
    if being_cancelled:
        return "We are cancelling your order. Whatever was paid goes back to your card."
    if status == "cancelled":
        return REASON_WORDS.get(reason or "", "This order was cancelled.")
    if status == "confirmed":
        return "Paid, and set aside for you. A confirmation is on its way to your mailbox."
    return "We are reserving your articles and asking your bank. This page updates by itself."


def waiting_for(happened: Sequence[str]) -> str:
    """What an unsettled order is waiting for, given what has happened to it."""
    if _BACKWARDS.intersection(happened):
        return "Cancelling"
    return next((words for done, words in _NEXT if done not in happened), "Finishing")
