"""Products as the API shows them."""

from rest_framework import serializers

from core.money import MoneyField
from products.models import Product, Review


class ReviewSerializer(serializers.ModelSerializer):
    by = serializers.CharField(source="user.username", read_only=True)
    is_buyer = serializers.SerializerMethodField()

    class Meta:
        model = Review
        fields = ["by", "rating", "text", "is_buyer", "created_at"]

    def get_is_buyer(self, review):
        return review.order_line_id is not None


class ProductSerializer(serializers.ModelSerializer):
    category = serializers.SlugRelatedField(
        slug_field="name", queryset=Product.category.field.related_model.objects.all()
    )
    price = MoneyField()

    class Meta:
        model = Product
        fields = ["sku", "name", "description", "category", "price", "stock", "rating"]
        read_only_fields = ["stock", "rating"]


class ProductDetailSerializer(ProductSerializer):
    reviews = ReviewSerializer(many=True, read_only=True)

    class Meta(ProductSerializer.Meta):
        fields = [*ProductSerializer.Meta.fields, "reviews"]


class SalesSerializer(serializers.ModelSerializer):
    pieces_sold = serializers.IntegerField()
    buyers = serializers.IntegerField()

    class Meta:
        model = Product
        fields = ["sku", "name", "stock", "pieces_sold", "buyers"]
