"""Orders as the public API shows and takes them."""

from django.core.validators import RegexValidator
from rest_framework import serializers

from shop.fields import Bounded, ModelSerializer, MoneySerializer, Text, Whole
from shop.orders.contract import LONGEST_TOKEN, MOST_LINES, MOST_PIECES
from shop.orders.models import Happening, Line, Order
from shop.products.contract import SKU_PATTERN

_SKU = RegexValidator(SKU_PATTERN, "No product has a SKU of this form.")


class LineSerializer(ModelSerializer[Line]):
    """So many pieces of one product."""

    sku = Text(max_length=40, validators=[_SKU])
    quantity = Whole(min_value=1, max_value=MOST_PIECES)

    class Meta:
        model = Line
        fields = ["sku", "quantity"]
        list_serializer_class = Bounded


class OrderedLineSerializer(LineSerializer):
    """The same with the product's name as last known, or null."""

    name = serializers.CharField(read_only=True, allow_null=True, default=None)

    class Meta(LineSerializer.Meta):
        fields = ["sku", "quantity", "name"]


class HappeningSerializer(serializers.ModelSerializer[Happening]):
    """What happened, such as `reserved`, and when."""

    class Meta:
        model = Happening
        fields = ["what", "at"]


# Providers' tokens are of visible ASCII; anything else is a mistake, and unfit for their requests.
_VISIBLE = RegexValidator(r"^[!-~]+\Z", "A payment token has no blanks and no special characters.")


class PlaceOrderSerializer(serializers.Serializer[None]):
    """What a customer sends: 1 to 100 lines, and how to pay."""

    lines = LineSerializer(many=True, allow_empty=False, max_length=MOST_LINES)
    payment_token = Text(max_length=LONGEST_TOKEN, validators=[_VISIBLE])


class ReasonField(serializers.ChoiceField):
    """A column that is empty where the API says null."""

    def to_representation(self, value: str | None) -> str | None:
        return value or None


class OrderSerializer(serializers.ModelSerializer[Order]):
    """`reason` says why an order is cancelled; `total` is null until the stock is reserved.

    `customer` and the names in `lines` are as last known, and null in the answer to a new order.
    """

    reason = ReasonField(Order.Reason.choices, read_only=True, allow_null=True)
    lines = OrderedLineSerializer(many=True, read_only=True)
    total = MoneySerializer(read_only=True, allow_null=True)
    timeline = HappeningSerializer(many=True, read_only=True)
    customer = serializers.CharField(read_only=True, allow_null=True, default=None)

    class Meta:
        model = Order
        fields = ["id", "status", "reason", "customer", "lines", "total", "created_at", "timeline"]
        read_only_fields = fields
