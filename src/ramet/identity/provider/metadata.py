"""The discovery documents: RFC 8414 and OpenID Connect Discovery 1.0, of one content.

The toolkit makes two that differ, and names in them what this provider does not do.
"""

from typing import Any

from django.http import HttpRequest, JsonResponse
from django.urls import NoReverseMatch, reverse
from django.views.decorators.http import require_safe
from oauth2_provider.compat import login_not_required
from oauth2_provider.settings import oauth2_settings

__all__ = ["metadata", "metadata_view"]

_WITH_SECRET = ["client_secret_basic", "client_secret_post"]
_ENDPOINTS = {
    "authorization_endpoint": "authorize",
    "token_endpoint": "token",
    "userinfo_endpoint": "user-info",
    "jwks_uri": "jwks-info",
    "end_session_endpoint": "rp-initiated-logout",
    "revocation_endpoint": "revoke-token",
    "introspection_endpoint": "introspect",
    "device_authorization_endpoint": "device-authorization",
}


def metadata(request: HttpRequest) -> dict[str, Any]:
    """What this provider does, at addresses below the pinned issuer, whatever host was asked."""
    issuer = oauth2_settings.OIDC_ISS_ENDPOINT
    origin = "/".join(issuer.split("/")[:3])
    validator = oauth2_settings.OAUTH2_VALIDATOR_CLASS()
    return {
        "issuer": issuer,
        **{name: origin + url for name, view in _ENDPOINTS.items() if (url := _path(view))},
        "scopes_supported": sorted(oauth2_settings.SCOPES),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": oauth2_settings.OAUTH2_GRANT_TYPES_SUPPORTED,
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": [*_WITH_SECRET, "none"],
        "revocation_endpoint_auth_methods_supported": [*_WITH_SECRET, "none"],
        "introspection_endpoint_auth_methods_supported": _WITH_SECRET,
        "claims_supported": sorted(set(validator.get_discovery_claims(request))),
        "prompt_values_supported": _prompts(),
        "authorization_response_iss_parameter_supported": True,
        # Where it says nothing, a client may send these (OpenID Connect Discovery 1.0, section 3).
        "claims_parameter_supported": False,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
    }


@login_not_required  # type: ignore[untyped-decorator]
@require_safe
def metadata_view(request: HttpRequest, **_: Any) -> JsonResponse:
    """The document, for clients in any web page."""
    return JsonResponse(metadata(request), headers={"Access-Control-Allow-Origin": "*"})


def _prompts() -> list[str]:
    can_create = oauth2_settings.OIDC_RP_INITIATED_REGISTRATION_ENABLED
    return ["none", "login", *["create"] * can_create]


def _path(view: str) -> str | None:
    try:
        return reverse(f"oauth2_provider:{view}")
    except NoReverseMatch:
        return None
