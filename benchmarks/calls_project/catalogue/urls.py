"""The naive way: a DRF view with a serializer; and one of rows in a database."""

from django.contrib.auth.models import Permission
from django.urls import path
from rest_framework import generics, serializers
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


class PermissionSerializer(serializers.ModelSerializer):
    class Meta:
        model = Permission
        fields = ("id", "name", "codename", "content_type_id")


class RowsView(generics.ListAPIView):
    serializer_class = PermissionSerializer

    def get_queryset(self):  # type: ignore[no-untyped-def]
        return Permission.objects.order_by("id")[:20]


class RowView(generics.RetrieveAPIView):
    queryset = Permission.objects.all()
    serializer_class = PermissionSerializer


urlpatterns = [
    path("products/<str:sku>/", ProductView.as_view()),
    path("rows/", RowsView.as_view()),
    path("rows/<int:pk>/", RowView.as_view()),
]
