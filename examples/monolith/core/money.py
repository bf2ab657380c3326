"""Money: in columns an amount of euros, in the API an amount with its currency."""

from decimal import Decimal

from rest_framework import serializers

CURRENCY = "EUR"
CENT = Decimal("0.01")


def in_cents(amount):
    """Rounded as the books want it."""
    return Decimal(amount).quantize(CENT)


class MoneyField(serializers.Field):
    """`{"amount": "12.50", "currency": "EUR"}`."""

    def to_representation(self, value):
        return {"amount": f"{value:.2f}", "currency": CURRENCY}

    def to_internal_value(self, data):
        if not isinstance(data, dict) or data.get("currency") != CURRENCY:
            raise serializers.ValidationError(f"Expected an amount in {CURRENCY}.")
        amount = serializers.DecimalField(max_digits=10, decimal_places=2, min_value=0)
        return amount.run_validation(data.get("amount"))
