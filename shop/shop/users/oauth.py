"""The OpenID provider's endpoints, all below /o/.

django-oauth-toolkit's own list would add management pages, device flow and client registration.
"""

from django.urls import include, path, re_path
from oauth2_provider import views

_below_issuer = [
    re_path(
        r"^\.well-known/openid-configuration/?$",
        views.ConnectDiscoveryInfoView.as_view(),
        name="oidc-connect-discovery-info",
    ),
    path(".well-known/jwks.json", views.JwksInfoView.as_view(), name="jwks-info"),
    path("authorize/", views.AuthorizationView.as_view(), name="authorize"),
    path("token/", views.TokenView.as_view(), name="token"),
    path("revoke_token/", views.RevokeTokenView.as_view(), name="revoke-token"),
    path("introspect/", views.IntrospectTokenView.as_view(), name="introspect"),
    path("userinfo/", views.UserInfoView.as_view(), name="user-info"),
    path("logout/", views.RPInitiatedLogoutView.as_view(), name="rp-initiated-logout"),
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
