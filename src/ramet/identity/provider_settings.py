"""OAUTH2_PROVIDER as it should be: django-oauth-toolkit 3.4 keeps old, weaker defaults.

Its defaults are access tokens of ten hours, refresh tokens that never end and may be replayed, an
issuer taken from the Host header, and the RFC 9700 gates open. What a project sets itself wins.
"""

from collections.abc import Callable
from typing import Any

from ramet.identity import signing
from ramet.identity.issuing import LIFETIME_SECONDS
from ramet.identity.settings import IdentitySettings

__all__ = ["ProviderSettings", "harden", "oauth2_provider_settings"]

KEY_SETTINGS = ("OIDC_RSA_PRIVATE_KEY", "OIDC_RSA_PRIVATE_KEYS_INACTIVE")
_REFRESH_SECONDS = 14 * 24 * 3600
_KEYS_FRESH_SECONDS = 300
_GATES = (
    "IMPLICIT_GRANT",
    "PASSWORD_GRANT",
    "PKCE_METHOD",
    "ACCESS_TOKEN_TRANSPORT",
    "AUTHZ_RESPONSE_ISS",
    "TOKEN_STORAGE",
    "REFRESH_TOKEN",
    "REDIRECT_URI_MATCHING",
    "PKCE_REQUIRED",
)
_SCOPES = {
    "openid": "Know who you are",
    "profile": "See your name",
    "email": "See your e-mail address",
}
_GRANTS = [
    "authorization_code",
    "refresh_token",
    "client_credentials",
    "urn:ietf:params:oauth:grant-type:device_code",
]
_CLIENT_AUTHENTICATION = ["client_secret_basic", "client_secret_post", "none"]


class ProviderSettings(dict[str, Any]):
    """A dictionary that reads the signing keys whenever they are asked for.

    Not before, because settings are also loaded to build images and to collect static files, and no
    key may be made then; and anew each time, because they change while processes run.
    """

    def __init__(self, values: dict[str, Any], accepted: IdentitySettings) -> None:
        super().__init__(values)
        self._accepted = accepted

    def __missing__(self, name: str) -> Any:
        if name not in KEY_SETTINGS or self._accepted.signing_keys is None:
            raise KeyError(name)
        first, *others = signing.load(self._accepted.signing_keys, self._accepted.passphrase)
        return first if name == KEY_SETTINGS[0] else others


def oauth2_provider_settings(
    accepted: IdentitySettings, own: dict[str, Any] | None = None
) -> ProviderSettings:
    """The hardened OAUTH2_PROVIDER for an issuer; `own` are the project's, which win.

    Redirects to plain http are allowed only while the issuer itself is plain http (a local system).
    """
    is_https = accepted.issuer.startswith("https://")
    device = f"{accepted.issuer}/device/"
    scopes = {**_SCOPES, **(own or {}).get("SCOPES", {})}
    values = {
        "ACCESS_TOKEN_GENERATOR": "ramet.identity.provider.access_token",
        "REFRESH_TOKEN_GENERATOR": "ramet.identity.provider.refresh_token",
        "OAUTH2_VALIDATOR_CLASS": "ramet.identity.provider.Validator",
        "ACCESS_TOKEN_EXPIRE_SECONDS": LIFETIME_SECONDS,
        "ID_TOKEN_EXPIRE_SECONDS": LIFETIME_SECONDS,
        "AUTHORIZATION_CODE_EXPIRE_SECONDS": 60,
        "OAUTH_DEVICE_VERIFICATION_URI": device,
        "OAUTH_DEVICE_VERIFICATION_URI_COMPLETE": f"{device}?user_code={{user_code}}",
        # The toolkit's looks codes up without regard to their client; our Validator does with it.
        "OAUTH_PRE_TOKEN_VALIDATION": [],
        # Rotation, and the whole family is revoked when an old token comes back. No grace period:
        # it needs tokens stored in plain text.
        "REFRESH_TOKEN_EXPIRE_SECONDS": _REFRESH_SECONDS,
        "ROTATE_REFRESH_TOKEN": True,
        "REFRESH_TOKEN_REUSE_PROTECTION": True,
        "REFRESH_TOKEN_GRACE_PERIOD_SECONDS": 0,
        "PKCE_REQUIRED": True,
        "ALLOW_URI_WILDCARDS": False,
        "ALLOWED_REDIRECT_URI_SCHEMES": ["https"] if is_https else ["https", "http"],
        "ALLOWED_SCHEMES": ["https"] if is_https else ["https", "http"],
        "DEFAULT_SCOPES": ["openid", "profile"],
        "OIDC_ENABLED": True,
        # Pinned: derived from Host, it would be whatever a client sends.
        "OIDC_ISS_ENDPOINT": accepted.issuer,
        "OIDC_JWKS_MAX_AGE_SECONDS": _KEYS_FRESH_SECONDS,
        "OIDC_RESPONSE_TYPES_SUPPORTED": ["code"],
        "OIDC_TOKEN_ENDPOINT_AUTH_METHODS_SUPPORTED": _CLIENT_AUTHENTICATION,
        "OIDC_RP_INITIATED_LOGOUT_ENABLED": True,
        # Asked only where no ID token says who wants to leave.
        "OIDC_RP_INITIATED_LOGOUT_ALWAYS_PROMPT": False,
        "OAUTH2_RESPONSE_TYPES_SUPPORTED": ["code"],
        "OAUTH2_GRANT_TYPES_SUPPORTED": _GRANTS,
        "OAUTH2_TOKEN_ENDPOINT_AUTH_METHODS_SUPPORTED": _CLIENT_AUTHENTICATION,
        **{f"COMPLIANT_BCP_RFC9700_{gate}": True for gate in _GATES},
        "COMPLIANT_BCP_RFC9700_REDIRECT_URI_SCHEME": is_https,
        **(own or {}),
        "SCOPES": scopes,
    }
    return ProviderSettings(values, accepted)


def harden(accepted: IdentitySettings) -> None:
    """Put the hardened settings into effect in this process, beside what the project set."""
    from django.conf import settings
    from oauth2_provider.settings import oauth2_settings

    own = getattr(settings, "OAUTH2_PROVIDER", {})
    settings.OAUTH2_PROVIDER = oauth2_provider_settings(accepted, dict(own))
    # The toolkit keeps each setting after its first use; the keys must be read as they are now.
    kept = type(oauth2_settings)
    live = {name: property(_as_it_is_now(name)) for name in KEY_SETTINGS}
    oauth2_settings.__class__ = type(kept.__name__, (kept,), live)
    oauth2_settings.reload()


def _as_it_is_now(name: str) -> Callable[[Any], Any]:
    def read(toolkit: Any) -> Any:
        try:
            return toolkit.user_settings[name]
        except KeyError:
            return toolkit.defaults[name]

    return read
