"""Payments as the API shows them."""

from rest_framework import serializers

from core.money import MoneyField
from payments.models import Payment, Refund


class RefundSerializer(serializers.ModelSerializer):
    amount = MoneyField(read_only=True)

    class Meta:
        model = Refund
        fields = ["amount", "reason", "created_at"]


class PaymentSerializer(serializers.ModelSerializer):
    authorised = MoneyField(read_only=True)
    captured = MoneyField(read_only=True)
    refunded = MoneyField(read_only=True)
    refunds = RefundSerializer(many=True, read_only=True)

    class Meta:
        model = Payment
        fields = ["order", "provider", "state", "authorised", "captured", "refunded", "refunds"]
