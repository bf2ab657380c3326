"""Addresses below /api/v1/products/."""

from rest_framework.routers import SimpleRouter

from products.views import ProductViewSet

app_name = "products"

router = SimpleRouter()
router.register("", ProductViewSet, basename="product")

urlpatterns = router.urls
