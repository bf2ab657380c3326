"""Money as it crosses the wire: in contracts, in events and in the public API alike."""

from decimal import Decimal

import ramet

CURRENCY = "EUR"
CENT = Decimal("0.01")


class Money(ramet.Value):
    """An amount in one currency; as JSON `{"amount": "12.50", "currency": "EUR"}`.

    The shop keeps its books in one currency: a database column holds the amount alone.
    """

    amount: Decimal
    currency: str = CURRENCY

    @classmethod
    def of(cls, amount: Decimal | int) -> "Money":
        """`amount` euros, in whole cents; halves go to the even cent, as the books want it."""
        return cls(amount=Decimal(amount).quantize(CENT))

    def __add__(self, other: "Money") -> "Money":
        if self.currency != other.currency:
            raise ValueError(f"cannot add {other.currency} to {self.currency}")
        return Money(amount=self.amount + other.amount, currency=self.currency)

    def __mul__(self, quantity: int) -> "Money":
        return Money(amount=self.amount * quantity, currency=self.currency)

    def __str__(self) -> str:
        return f"{self.amount:.2f} {self.currency}"
