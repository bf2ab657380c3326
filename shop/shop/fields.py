"""Serializer fields that several services use."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from rest_framework import serializers

from shop.money import CURRENCY


class MoneySerializer(serializers.Serializer[Decimal]):
    """A database amount as `{"amount": "12.50", "currency": "EUR"}`, and back to the amount.

    Amounts have at most two decimals and are never negative; any other currency is refused.
    """

    amount = serializers.DecimalField(max_digits=10, decimal_places=2, min_value=Decimal(0))
    currency = serializers.ChoiceField([CURRENCY], default=CURRENCY)

    class Meta:
        ref_name = "Money"

    def to_representation(self, instance: Decimal) -> dict[str, str]:
        return {"amount": f"{instance:.2f}", "currency": CURRENCY}

    def to_internal_value(self, data: Mapping[str, Any]) -> Decimal:
        value: dict[str, Decimal] = super().to_internal_value(data)
        if "amount" not in value:
            # A PATCH makes every field optional, down to the fields of fields: half a price.
            raise serializers.ValidationError(
                {"amount": [self.fields["amount"].error_messages["required"]]}, code="required"
            )
        return abs(value["amount"])  # never negative, but it may be written "-0"
