"""The OpenID provider's endpoints, all below /o/.

django-oauth-toolkit's own list would add management pages, device flow and client registration.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.db import DataError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import include, path, re_path
from oauth2_provider import views

from shop.errors import bad_request

View = Callable[..., HttpResponse]


def _for_programs(request: HttpRequest, error: Exception) -> HttpResponse:
    return JsonResponse({"error": "invalid_request"}, status=400)  # RFC 6749, section 5.2


def _careful(view: View, refuse: View = _for_programs) -> View:
    """The toolkit's view, with 400 where it looks up, or keeps, what a client made up.

    It asks the database for texts as they come (a NUL in Basic credentials, a nonce of any length)
    and, when signing out, for a client that need not exist.
    """

    @wraps(view)
    def careful(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except (DataError, ObjectDoesNotExist) as error:
            return refuse(request, error)

    return careful


_below_issuer = [
    re_path(
        r"^\.well-known/openid-configuration/?$",
        views.ConnectDiscoveryInfoView.as_view(),
        name="oidc-connect-discovery-info",
    ),
    path(".well-known/jwks.json", views.JwksInfoView.as_view(), name="jwks-info"),
    path("authorize/", _careful(views.AuthorizationView.as_view(), bad_request), name="authorize"),
    path("token/", _careful(views.TokenView.as_view()), name="token"),
    path("revoke_token/", _careful(views.RevokeTokenView.as_view()), name="revoke-token"),
    path("introspect/", _careful(views.IntrospectTokenView.as_view()), name="introspect"),
    path("userinfo/", _careful(views.UserInfoView.as_view()), name="user-info"),
    path(
        "logout/",
        _careful(views.RPInitiatedLogoutView.as_view(), bad_request),
        name="rp-initiated-logout",
    ),
]

_patterns = [
    path("o/", include(_below_issuer)),
    # RFC 8414, section 3.1: the issuer's path comes after the well-known part.
    path(
        ".well-known/oauth-authorization-server/<path:issuer_path>",
        views.OAuthServerMetadataView.as_view(),
        name="oauth-server-metadata-issuer",
    ),
]

# The toolkit builds its documents by reversing names in this namespace.
urlpatterns = [path("", include((_patterns, "oauth2_provider")))]
