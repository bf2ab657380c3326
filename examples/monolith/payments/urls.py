"""Addresses below /api/v1/payments/."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from payments.views import PaymentViewSet, webhook

app_name = "payments"

router = SimpleRouter()
router.register("", PaymentViewSet, basename="payment")

urlpatterns = [path("webhooks/<str:provider>/", webhook, name="webhook"), *router.urls]
