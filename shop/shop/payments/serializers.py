"""Payments as the public API shows them."""

from rest_framework import serializers

from shop.fields import MoneySerializer
from shop.payments.models import Payment


class PaymentSerializer(serializers.ModelSerializer[Payment]):
    """`authorised` is what is held or was taken, `refunded` what of the captured went back."""

    order = serializers.UUIDField(source="order_id", read_only=True)
    authorised = MoneySerializer(read_only=True)
    captured = MoneySerializer(read_only=True)
    refunded = MoneySerializer(read_only=True)

    class Meta:
        model = Payment
        fields = ["order", "provider", "status", "authorised", "captured", "refunded", "created_at"]
        read_only_fields = fields

    status = serializers.ChoiceField(choices=Payment.State.choices, source="state", read_only=True)


class PaymentQuery(serializers.Serializer[None]):
    """What a list of payments can be narrowed by."""

    order = serializers.UUIDField(required=False, help_text="The payment of this order only.")
