"""Where payments answer."""

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from shop.payments.views import PaymentViewSet, WebhookView
from shop.schema import schema_view

router = SimpleRouter()
router.register("payments", PaymentViewSet, basename="payment")

urlpatterns = [
    path("api/v1/payments/schema/", schema_view("shop.payments.urls")),
    path("api/v1/payments/webhooks/<slug:provider_name>/", WebhookView.as_view()),
    path("api/v1/", include(router.urls)),
]
