"""Where users answers: the API and its document, the OpenID provider, the pages to sign in on."""

from django.urls import include, path
from rest_framework.routers import SimpleRouter

import ramet
from shop.schema import schema_view, whole_schema
from shop.users.views import UserViewSet

router = SimpleRouter()
router.register("users", UserViewSet, basename="user")

urlpatterns = [
    path("api/schema/", whole_schema),
    path("api/v1/users/schema/", schema_view("shop.users.urls")),
    path("api/v1/", include(router.urls)),
    # Programs and browsers without a token of ours come here to get one.
    path("", ramet.public(include("shop.users.sign_in.urls"))),
    path("", ramet.public(include("ramet.identity.provider.urls"))),
]
