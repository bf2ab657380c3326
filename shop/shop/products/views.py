"""The catalogue over HTTP: everybody reads, holders of `products:write` change."""

from typing import Any

from django.db import IntegrityError
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status, viewsets
from rest_framework.exceptions import APIException
from rest_framework.permissions import BasePermission
from rest_framework.serializers import BaseSerializer

from ramet.identity.drf import HasScope, Public
from shop.pagination import ByName
from shop.products import services
from shop.products.models import Product
from shop.products.serializers import ProductChangeSerializer, ProductQuery, ProductSerializer


class Taken(APIException):
    """409: another product has this SKU."""

    status_code = status.HTTP_409_CONFLICT
    default_detail = "There is a product with this SKU."
    default_code = "taken"


class ProductViewSet(
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    mixins.CreateModelMixin,
    mixins.UpdateModelMixin,
    viewsets.GenericViewSet[Product],
):
    """Products by SKU."""

    http_method_names = ["get", "head", "options", "post", "patch"]
    lookup_field = "sku"
    lookup_value_regex = "[A-Za-z0-9-]+"
    pagination_class = ByName
    queryset = Product.objects.all()

    def get_permissions(self) -> list[BasePermission]:
        if self.action in ("create", "partial_update"):
            return [HasScope("products:write")()]
        return [Public()]

    def get_serializer_class(self) -> type[BaseSerializer[Product]]:
        return ProductChangeSerializer if self.action == "partial_update" else ProductSerializer

    def get_queryset(self) -> QuerySet[Product]:
        if self.action != "list":
            return super().get_queryset()
        query = ProductQuery(data=self.request.query_params)
        query.is_valid(raise_exception=True)
        return services.matching(query.validated_data["search"], query.validated_data["category"])

    @extend_schema(parameters=[ProductQuery])
    def list(self, *args: Any, **kwargs: Any) -> Any:
        return super().list(*args, **kwargs)

    def perform_create(self, serializer: BaseSerializer[Product]) -> None:
        try:
            serializer.instance = services.add(**serializer.validated_data)
        except IntegrityError as error:
            raise Taken from error

    def perform_update(self, serializer: BaseSerializer[Product]) -> None:
        assert serializer.instance is not None
        serializer.instance = services.change(serializer.instance.pk, serializer.validated_data)
