"""People as the API shows them."""

from rest_framework import serializers

from core.money import MoneyField
from users.models import Address, Profile, User


class AddressSerializer(serializers.ModelSerializer):
    class Meta:
        model = Address
        fields = ["id", "name", "street", "postcode", "city", "country"]


class RegistrationSerializer(serializers.ModelSerializer):
    class Meta:
        model = User
        fields = ["id", "username", "email", "password"]
        extra_kwargs = {"password": {"write_only": True, "min_length": 8}}


class ProfileSerializer(serializers.ModelSerializer):
    username = serializers.CharField(source="user.username", read_only=True)
    email = serializers.EmailField(source="user.email", read_only=True)
    spent = MoneyField(source="user.spent", read_only=True)
    orders = serializers.IntegerField(source="user.orders.count", read_only=True)

    class Meta:
        model = Profile
        fields = ["username", "email", "phone", "wants_news", "default_address", "spent", "orders"]
