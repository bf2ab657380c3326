"""Products as the public API shows and takes them."""

from rest_framework import serializers
from rest_framework.validators import UniqueValidator

from shop.fields import MoneySerializer
from shop.products.models import SKU, Product


class ProductSerializer(serializers.ModelSerializer[Product]):
    """`stock` are the pieces that can still be bought."""

    price = MoneySerializer()
    stock = serializers.IntegerField(min_value=0, max_value=1_000_000, default=0)

    class Meta:
        model = Product
        fields = ["sku", "name", "description", "category", "price", "stock"]
        extra_kwargs = {
            "sku": {"validators": [SKU, UniqueValidator(Product.objects.all())]},
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
