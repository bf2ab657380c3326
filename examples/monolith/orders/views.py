"""Orders over HTTP: each customer's own."""

from collections import Counter

from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.response import Response

from orders import services
from orders.models import Order
from orders.serializers import OrderSerializer, PlaceOrderSerializer
from payments.services import PaymentDeclined
from products.stock import OutOfStock


class Conflict(APIException):
    status_code = 409


class PaymentRequired(APIException):
    status_code = 402


class OrderViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    serializer_class = OrderSerializer

    def get_queryset(self):
        return Order.objects.of(self.request.user).with_everything()

    def create(self, request):
        form = PlaceOrderSerializer(data=request.data, context={"request": request})
        form.is_valid(raise_exception=True)
        wanted = form.validated_data
        quantities = Counter()
        for line in wanted["lines"]:
            quantities[line["sku"]] += line["quantity"]
        try:
            order = services.place(
                request.user,
                quantities,
                wanted["address"],
                wanted["payment_token"],
                wanted["coupon"],
            )
        except services.UnknownProducts as error:
            raise ValidationError({"lines": str(error)}) from error
        except OutOfStock as error:
            raise Conflict(str(error)) from error
        except PaymentDeclined as error:
            raise PaymentRequired(str(error)) from error
        return Response(self._shown(order), status=201)

    @action(detail=True, methods=["post"])
    def cancel(self, request, pk):
        try:
            order = services.cancel(
                self.get_object(), by=request.user, reason=Order.Reason.BY_CUSTOMER
            )
        except services.CannotBeCancelled as error:
            raise Conflict("It is cancelled or delivered already.") from error
        return Response(self._shown(order))

    def _shown(self, order):
        return OrderSerializer(self.get_queryset().get(pk=order.pk)).data
