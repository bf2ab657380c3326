"""Orders over HTTP: each customer's own; others' do not exist for them."""

from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, status, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from ramet.idempotency import KeyMissing, KeyReused, key_of
from ramet.identity.drf import OwnedBy
from shop.orders import contract, services
from shop.orders.contract import LONGEST_KEY, OrderLine, UnknownOrder, UnknownProducts
from shop.orders.models import Order
from shop.orders.placing import place
from shop.orders.serializers import OrderSerializer, PlaceOrderSerializer

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY},
    OpenApiParameter.HEADER,
    required=True,
    description="A value of your own, new for each order; repeat it with the same body at will.",
)


class UnknownProductsError(ValidationError):
    """422: well formed, and yet no order can be made of it."""

    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY


class OrderViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Order]
):
    """The orders of whoever asks."""

    lookup_value_converter: ClassVar[str] = "uuid"
    permission_classes = (OwnedBy("customer_id"),)
    queryset = Order.objects.none()
    serializer_class = OrderSerializer

    def get_queryset(self) -> QuerySet[Order]:
        return services.orders()

    @extend_schema(
        request=PlaceOrderSerializer, responses={202: OrderSerializer}, parameters=[IDEMPOTENCY_KEY]
    )
    def create(self, request: Request) -> Response:
        """Place an order. It is pending; look at it again to see what becomes of it."""
        # Kept with the order, and for the contract too: so not by @ramet.idempotent.
        key = key_of(request)
        if key is None:
            raise KeyMissing
        wanted = PlaceOrderSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        lines = [OrderLine(**line) for line in wanted.validated_data["lines"]]
        token = wanted.validated_data["payment_token"]
        try:
            order = place(self._customer, lines, token, key)
        except contract.KeyReused as refusal:
            raise KeyReused from refusal
        except UnknownProducts as refusal:
            raise UnknownProductsError(
                {
                    "lines": [
                        _fault(line, position in refusal.lines)
                        for position, line in enumerate(lines)
                    ]
                }
            ) from refusal
        return self._accepted(services.as_placed(order))

    @extend_schema(request=None, responses={202: OrderSerializer})
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: UUID) -> Response:
        """Ask for cancellation: stock and money go back. Asking again changes nothing."""
        try:
            services.cancel(pk, self._customer)
        except UnknownOrder as refusal:
            raise Http404 from refusal
        return self._accepted(self.get_object())

    @property
    def _customer(self) -> UUID:
        user: Any = self.request.user
        customer: UUID = user.id
        return customer

    def _accepted(self, order: Any) -> Response:
        body = OrderSerializer(order).data
        location = self.request.build_absolute_uri(f"/api/v1/orders/{order.id}/")
        headers = {"Location": location}
        return Response(body, status=status.HTTP_202_ACCEPTED, headers=headers)


def _fault(line: OrderLine, is_unknown: bool) -> dict[str, str]:
    # DRF's shape for the items of a list: an empty mapping where nothing is wrong.
    return {"sku": f"There is no product {line.sku!r}."} if is_unknown else {}
