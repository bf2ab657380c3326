"""Serializer fields that several services use, and that take only what their schema says.

DRF's own are generous: 5 is text for them, "5" a number, and a price may be "1_0", "٣" or 1e2. What
a client did not mean is then stored, and nobody can read in the API's document that it would be.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, TypeVar

from django.core.validators import MaxLengthValidator, MinLengthValidator
from django.db import models
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from shop.money import CURRENCY

Model = TypeVar("Model", bound=models.Model)


# Whatever an order has most of, at the dearest price its total fits the columns of money.
_PRICE = r"[0-9]{1,6}(\.[0-9]{1,2})?"


class Text(serializers.CharField):
    """Text, and no number that could be written as one."""

    def to_internal_value(self, data: Any) -> str:
        """See DRF."""
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Whole(serializers.IntegerField):
    """A whole number, and no text that reads as one."""

    def to_internal_value(self, data: Any) -> int:
        """See DRF."""
        # A JSON number without a fraction is one, however it is written: 5.0 (JSON Schema, 6.1.1).
        if type(data) is not int and not (isinstance(data, float) and data.is_integer()):
            self.fail("invalid")
        return super().to_internal_value(int(data))


class Bounded(serializers.ListSerializer[Any]):
    """A list whose bounds are in the API's document, too: drf-spectacular reads validators only."""

    def get_validators(self) -> list[Any]:
        """See DRF, which has looked at the bounds before it looks at the items."""
        least = self.min_length or int(not self.allow_empty)
        found: list[Any] = [MinLengthValidator(least)] if least else []
        return [*found, *([MaxLengthValidator(self.max_length)] if self.max_length else [])]


class ModelSerializer(serializers.ModelSerializer[Model]):
    """DRF's, with the fields above for the columns of a model."""

    serializer_field_mapping = {
        **serializers.ModelSerializer.serializer_field_mapping,
        models.CharField: Text,
        models.TextField: Text,
        models.PositiveIntegerField: Whole,
    }


@extend_schema_field({"type": "string", "pattern": f"^{_PRICE}$"})
class _Amount(serializers.DecimalField):
    """An amount as text, in plain digits: `Decimal` would read others, and exponents."""

    def to_internal_value(self, data: Any) -> Decimal:
        """See DRF."""
        if not isinstance(data, str) or re.fullmatch(_PRICE, data) is None:
            self.fail("invalid")
        return super().to_internal_value(data)


@extend_schema_field({"type": "string", "pattern": r"^[0-9]+\.[0-9]{2}$"})
class _Shown(serializers.CharField):
    """An amount of the books, which may be larger than any price."""


class MoneySerializer(serializers.Serializer[Decimal]):
    """A database amount as `{"amount": "12.50", "currency": "EUR"}`. For answers."""

    amount = _Shown()
    currency = serializers.ChoiceField([CURRENCY], default=CURRENCY)

    class Meta:
        ref_name = "Money"

    def to_representation(self, instance: Decimal) -> dict[str, str]:
        return {"amount": f"{instance:.2f}", "currency": CURRENCY}


class PriceSerializer(MoneySerializer):
    """The price of one piece, up to 999999.99, and back to the amount.

    It is never negative and has at most two decimals; any other currency is refused.
    """

    amount = _Amount(max_digits=8, decimal_places=2)

    class Meta:
        ref_name = "Price"

    def to_internal_value(self, data: Mapping[str, Any]) -> Decimal:
        value: dict[str, Decimal] = super().to_internal_value(data)
        if "amount" not in value:
            # A PATCH makes every field optional, down to the fields of fields: half a price.
            raise serializers.ValidationError(
                {"amount": [self.fields["amount"].error_messages["required"]]}, code="required"
            )
        return value["amount"]
