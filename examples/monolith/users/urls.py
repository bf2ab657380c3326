"""Addresses below /api/v1/users/."""

from rest_framework.routers import SimpleRouter

from users.views import AddressViewSet, UserViewSet

app_name = "users"

router = SimpleRouter()
router.register("me/addresses", AddressViewSet, basename="address")
router.register("", UserViewSet, basename="user")

urlpatterns = router.urls
