"""Where the catalogue answers."""

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from shop.products.views import ProductViewSet
from shop.schema import schema_view

router = SimpleRouter()
router.register("products", ProductViewSet, basename="product")

urlpatterns = [
    path("api/v1/products/schema/", schema_view("shop.products.urls")),
    path("api/v1/", include(router.urls)),
]
