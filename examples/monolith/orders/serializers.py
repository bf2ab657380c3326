"""Orders as the API shows and takes them."""

from rest_framework import serializers

from core.money import MoneyField
from orders.models import Order, OrderLine, StatusChange
from payments.serializers import PaymentSerializer
from products.serializers import ProductSerializer
from users.models import Address
from users.serializers import AddressSerializer


class OrderLineSerializer(serializers.ModelSerializer):
    product = ProductSerializer(read_only=True)
    price = MoneyField(read_only=True)

    class Meta:
        model = OrderLine
        fields = ["product", "name", "quantity", "price"]


class StatusChangeSerializer(serializers.ModelSerializer):
    by = serializers.CharField(source="by.username", read_only=True, default=None)

    class Meta:
        model = StatusChange
        fields = ["status", "by", "created_at"]


class OrderSerializer(serializers.ModelSerializer):
    customer = serializers.CharField(source="customer.username", read_only=True)
    address = AddressSerializer(read_only=True)
    lines = OrderLineSerializer(many=True, read_only=True)
    payments = PaymentSerializer(many=True, read_only=True)
    timeline = StatusChangeSerializer(source="status_changes", many=True, read_only=True)
    total = MoneyField(read_only=True)

    class Meta:
        model = Order
        fields = [
            "id",
            "status",
            "reason",
            "customer",
            "address",
            "lines",
            "payments",
            "total",
            "created_at",
            "timeline",
        ]


class WantedLineSerializer(serializers.Serializer):
    sku = serializers.CharField(max_length=40)
    quantity = serializers.IntegerField(min_value=1, max_value=99)


class PlaceOrderSerializer(serializers.Serializer):
    lines = WantedLineSerializer(many=True, allow_empty=False)
    address = serializers.PrimaryKeyRelatedField(
        queryset=Address.objects.filter(is_retired=False), required=False
    )
    payment_token = serializers.CharField(max_length=200)
    coupon = serializers.CharField(max_length=20, required=False, default="")

    def validate_address(self, address):
        if address.user != self.context["request"].user:
            raise serializers.ValidationError("This is not an address of yours.")
        return address

    def validate(self, wanted):
        customer = self.context["request"].user
        wanted.setdefault("address", customer.profile.default_address)
        if wanted["address"] is None:
            raise serializers.ValidationError({"address": "Where shall it go?"})
        return wanted
