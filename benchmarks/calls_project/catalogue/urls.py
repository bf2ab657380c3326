"""The naive way: a DRF view with a serializer."""

from django.urls import path
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalogue.services import find


class MoneySerializer(serializers.Serializer):
    amount = serializers.DecimalField(max_digits=12, decimal_places=2)
    currency = serializers.CharField()


class ProductSerializer(serializers.Serializer):
    id = serializers.UUIDField()
    sku = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField()
    price = MoneySerializer()
    stock = serializers.IntegerField()


class ProductView(APIView):
    def get(self, request: Request, sku: str) -> Response:
        return Response(ProductSerializer(find(sku)).data)


urlpatterns = [path("products/<str:sku>/", ProductView.as_view())]
