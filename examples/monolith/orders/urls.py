"""Addresses below /api/v1/orders/."""

from rest_framework.routers import SimpleRouter

from orders.views import OrderViewSet

app_name = "orders"

router = SimpleRouter()
router.register("", OrderViewSet, basename="order")

urlpatterns = router.urls
