"""Payments over HTTP: each customer's own, and what banks tell."""

import hmac
import json
from hashlib import sha256

from django.conf import settings
from django.http import HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from rest_framework import mixins, viewsets

from payments import services
from payments.models import Payment
from payments.serializers import PaymentSerializer


class PaymentViewSet(mixins.ListModelMixin, viewsets.GenericViewSet):
    serializer_class = PaymentSerializer

    def get_queryset(self):
        found = Payment.objects.filter(order__customer=self.request.user)
        if order := self.request.GET.get("order"):
            found = found.filter(order=order)
        return found.prefetch_related("refunds")


def signature(body):
    """What a bank signs its messages with."""
    secret = settings.PAYMENT_WEBHOOK_SECRET.encode()
    return hmac.new(secret, body, sha256).hexdigest()


@csrf_exempt
@require_POST
def webhook(request, provider):
    if not hmac.compare_digest(request.headers.get("Signature", ""), signature(request.body)):
        return HttpResponse(status=401)
    told = json.loads(request.body)
    services.hear(provider, told["id"], told["type"], told["reference"])
    return HttpResponse(status=204)
