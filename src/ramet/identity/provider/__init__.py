"""The issuer's side, on django-oauth-toolkit: what its tokens contain, who may have what, its URLs.

Named by path in OAUTH2_PROVIDER (see `provider_settings`), so it is imported only where the toolkit
is installed. A project mounts `ramet.identity.provider.urls` in the issuing service's URLs.
"""

from ramet.identity.provider.granting import OPEN_SCOPES, access_token, refresh_token, scopes_of
from ramet.identity.provider.validator import Validator

__all__ = ["OPEN_SCOPES", "Validator", "access_token", "refresh_token", "scopes_of"]
