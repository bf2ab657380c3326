"""Products as the public API shows and takes them."""

from rest_framework import serializers

from shop.fields import ModelSerializer, PriceSerializer, Whole
from shop.products.models import SKU, Product

# Below /api/v1/products/, where products have their addresses.
_TAKEN_BY_THE_API = "schema"


def _refuse_address(sku: str) -> None:
    if sku == _TAKEN_BY_THE_API:
        raise serializers.ValidationError("The API itself has this address.", code="reserved")


class ProductSerializer(ModelSerializer[Product]):
    """`stock` are the pieces that can still be bought."""

    price = PriceSerializer()
    stock = Whole(min_value=0, max_value=1_000_000, default=0)

    class Meta:
        model = Product
        fields = ["sku", "name", "description", "category", "price", "stock"]
        extra_kwargs = {
            # Whether it is taken, only the insert can tell: 409.
            "sku": {"validators": [SKU, _refuse_address]},
        }


class ProductChangeSerializer(ProductSerializer):
    """The same for PATCH: a product keeps its SKU, by which orders know it."""

    class Meta(ProductSerializer.Meta):
        read_only_fields = ["sku"]


class ProductQuery(serializers.Serializer[None]):
    """What a list of products can be narrowed by."""

    search = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=200, help_text="All these words."
    )
    category = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=80, help_text="Exactly this one."
    )
