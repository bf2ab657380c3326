"""Where the provider answers: mount with `path("", include("ramet.identity.provider.urls"))`.

Full paths, below the issuer's own. The toolkit's list would add pages to manage applications, and
registration of clients by themselves. LOGIN_URL is the project's page to sign in on.
"""

from urllib.parse import urlsplit

from django.urls import include, path, re_path
from oauth2_provider import views

from ramet.identity.provider import endpoints
from ramet.identity.provider.endpoints import careful
from ramet.identity.provider.metadata import metadata_view
from ramet.identity.settings import settings

__all__ = ["urlpatterns"]

_issuer_path = urlsplit(settings().issuer).path.strip("/")
_WELL_KNOWN = ".well-known/oauth-authorization-server"

_below_issuer = [
    re_path(r"^\.well-known/openid-configuration/?$", metadata_view, name="discovery"),
    path(".well-known/jwks.json", views.JwksInfoView.as_view(), name="jwks-info"),
    path("authorize/", careful(endpoints.Authorization.as_view(), is_page=True), name="authorize"),
    path("token/", careful(endpoints.Token.as_view()), name="token"),
    path("revoke_token/", careful(views.RevokeTokenView.as_view()), name="revoke-token"),
    path("introspect/", careful(endpoints.Introspection.as_view()), name="introspect"),
    path("userinfo/", careful(endpoints.UserInfo.as_view()), name="user-info"),
    path(
        "logout/",
        careful(views.RPInitiatedLogoutView.as_view(), is_page=True),
        name="rp-initiated-logout",
    ),
    path(
        "device_authorization/",
        careful(endpoints.DeviceAuthorization.as_view()),
        name="device-authorization",
    ),
    path("device/", endpoints.DeviceUserCode.as_view(), name="device"),
    path(
        "device/<slug:client_id>/<slug:user_code>/",
        views.DeviceConfirmView.as_view(),
        name="device-confirm",
    ),
    path(
        "device/<slug:client_id>/<slug:user_code>/done/",
        views.DeviceGrantStatusView.as_view(),
        name="device-grant-status",
    ),
]

_patterns = [
    path(f"{_issuer_path}/" if _issuer_path else "", include(_below_issuer)),
    # RFC 8414, section 3.1: the issuer's path comes after the well-known part.
    re_path(rf"^{_WELL_KNOWN}(?:/{_issuer_path})?/?$", metadata_view, name="metadata"),
]

# The toolkit makes addresses by reversing names in this namespace.
urlpatterns = [path("", include((_patterns, "oauth2_provider")))]
