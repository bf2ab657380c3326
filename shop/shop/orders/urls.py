"""Where orders answer."""

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from shop.orders.views import OrderViewSet
from shop.schema import schema_view

# Path converters: an id that is no UUID is 404 before it comes to a view.
router = SimpleRouter(use_regex_path=False)
router.register("orders", OrderViewSet, basename="order")

urlpatterns = [
    path("api/v1/orders/schema/", schema_view("shop.orders.urls")),
    path("api/v1/", include(router.urls)),
]
