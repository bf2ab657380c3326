"""The cards of the sandbox bank, in words that a customer understands."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PaymentMethod:
    """A payment token of the sandbox bank and what a customer is told about it."""

    token: str
    label: str
    explanation: str


PAYMENT_METHODS = (
    PaymentMethod("tok_ok", "Card ending in 4242", "Pays at once."),
    PaymentMethod("tok_declined", "Card ending in 0002", "Has no money on it: the bank says no."),
    PaymentMethod(
        "tok_slow", "Card ending in 0005", "Works, but its bank thinks for five seconds."
    ),
    PaymentMethod(
        "tok_flaky", "Card ending in 0119", "Its bank drops every other request. We try again."
    ),
)

TOKENS = frozenset(method.token for method in PAYMENT_METHODS)
