"""Payments over HTTP: their owners look at them, providers report by webhook."""

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.http.request import RawPostDataException
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status, viewsets
from rest_framework.exceptions import APIException, ParseError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ramet.identity.drf import OwnedBy, Public
from shop.payments import services
from shop.payments.models import Payment
from shop.payments.providers import NAMES, BadSignature, MalformedNotice, provider
from shop.payments.serializers import PaymentQuery, PaymentSerializer


class PaymentViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[Payment]):
    """The payments of whoever asks; another's order has none to see."""

    permission_classes = (OwnedBy("customer_id"),)
    queryset = Payment.objects.none()
    serializer_class = PaymentSerializer

    def get_queryset(self) -> QuerySet[Payment]:
        query = PaymentQuery(data=self.request.query_params.dict())
        query.is_valid(raise_exception=True)
        order = query.validated_data.get("order")
        return Payment.objects.filter(order_id=order) if order else Payment.objects.all()

    @extend_schema(parameters=[PaymentQuery])
    def list(self, *args: Any, **kwargs: Any) -> Any:
        return super().list(*args, **kwargs)


class InvalidSignature(APIException):
    """401: the webhook is not the provider's. DRF's own class would answer 403 here."""

    status_code = status.HTTP_401_UNAUTHORIZED
    default_detail = "The signature of this webhook is not valid."
    default_code = "invalid_signature"


class NotYet(APIException):
    """409: the notice overtook our own books. Providers repeat what was not answered with 2xx."""

    status_code = status.HTTP_409_CONFLICT
    default_detail = "This payment is not booked yet: deliver the notice again."
    default_code = "too_early"
    wait = 5  # seconds


class WebhookView(APIView):
    """Where a provider reports. The signature over the raw body is all the identity there is."""

    authentication_classes = ()
    permission_classes = (Public,)

    @extend_schema(request=OpenApiTypes.OBJECT, responses={204: None})
    def post(self, request: Request, provider_name: str) -> Response:
        """Take notice of what happened at the provider; repetitions are welcome."""
        if provider_name not in NAMES:
            raise Http404
        try:
            notice = provider(provider_name).read_notice(request.headers, request._request.body)
        except RawPostDataException as error:
            # Sent as an upload, the body was read as a form, and its bytes are gone.
            raise ParseError("A notice is a JSON document.") from error
        except BadSignature as error:
            raise InvalidSignature from error
        except MalformedNotice as error:
            raise ParseError(str(error)) from error
        try:
            services.take_notice(provider_name, notice)
        except services.TooEarly as error:
            raise NotYet from error
        return Response(status=status.HTTP_204_NO_CONTENT)
