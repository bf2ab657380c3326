"""The catalogue over HTTP: for anyone to read, for staff to change."""

from django.db.models import Q
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import DjangoModelPermissionsOrAnonReadOnly
from rest_framework.response import Response

from orders.models import OrderLine
from products.models import Product, Review
from products.serializers import (
    ProductDetailSerializer,
    ProductSerializer,
    ReviewSerializer,
    SalesSerializer,
)


class ProductViewSet(
    mixins.CreateModelMixin,
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    mixins.UpdateModelMixin,
    viewsets.GenericViewSet,
):
    lookup_field = "sku"
    permission_classes = [DjangoModelPermissionsOrAnonReadOnly]
    queryset = Product.objects.filter(is_withdrawn=False).select_related("category")

    def get_serializer_class(self):
        return ProductDetailSerializer if self.action == "retrieve" else ProductSerializer

    def get_queryset(self):
        found = super().get_queryset()
        if wanted := self.request.GET.get("search"):
            found = found.filter(Q(name__icontains=wanted) | Q(sku__iexact=wanted))
        if category := self.request.GET.get("category"):
            found = found.filter(Q(category__name=category) | Q(category__parent__name=category))
        return found.prefetch_related("reviews__user")

    def perform_create(self, serializer):
        serializer.save(created_by=self.request.user)

    @action(detail=False)
    def sales(self, request):
        if not request.user.has_perm("orders.view_order"):
            raise PermissionDenied
        return Response(SalesSerializer(Product.objects.with_sales(), many=True).data)

    @action(detail=True, methods=["post"], permission_classes=[])
    def review(self, request, sku):
        if not request.user.is_authenticated:
            raise PermissionDenied
        form = ReviewSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        product = self.get_object()
        bought = OrderLine.objects.filter(
            product=product, order__customer=request.user, order__status="confirmed"
        ).first()
        review, is_new = Review.objects.update_or_create(
            product=product,
            user=request.user,
            defaults={**form.validated_data, "order_line": bought},
        )
        return Response(ReviewSerializer(review).data, status=201 if is_new else 200)
