"""What a token contains, and which scopes somebody may have in it."""

from typing import Any

from oauth2_provider.settings import oauth2_settings
from oauthlib.oauth2.rfc6749.tokens import random_token_generator

from ramet.identity import issuing
from ramet.identity.settings import settings

__all__ = ["OPEN_SCOPES", "access_token", "refresh_token", "scopes_of"]

# What a client may learn about whoever signs in (OpenID Connect Core 1.0, section 5.4).
OPEN_SCOPES = frozenset({"openid", "profile", "email", "address", "phone"})


def scopes_of(user: Any) -> frozenset[str]:
    """The scopes that `user` may have in a token: the open ones, and the names of its groups.

    So "products:write" is given by adding somebody to the group `products:write`, in the admin or
    anywhere else; a superuser may have every declared scope. One query.
    """
    if getattr(user, "is_superuser", False):
        return frozenset(oauth2_settings.SCOPES)
    groups = getattr(user, "groups", None)
    names = groups.values_list("name", flat=True) if groups is not None else ()
    return OPEN_SCOPES | frozenset(names)


def access_token(request: Any) -> str:
    """ACCESS_TOKEN_GENERATOR: an RFC 9068 token for an oauthlib request of any grant.

    The one place that every grant passes, so scopes are cut here: what the user may no longer have
    is missing from the token, from the stored row and from the answer's `scope` (RFC 6749, section
    3.3), at the next refresh too.
    """
    user, client = request.user, request.client
    # A program for itself: limited by its owner; one without an owner was made by an administrator.
    accountable = user or client.user
    if accountable is not None:
        allowed = oauth2_settings.OAUTH2_VALIDATOR_CLASS.allowed_scopes(accountable)
        request.scopes = [scope for scope in request.scopes or () if scope in allowed]
    accepted = settings()
    return issuing.issue(
        oauth2_settings.OIDC_RSA_PRIVATE_KEY,
        issuer=accepted.issuer,
        audience=accepted.audience,
        subject=str(user.pk) if user else client.client_id,
        client_id=client.client_id,
        scopes=request.scopes or (),
        username=user.get_username() if user else "",
        lifetime=oauth2_settings.ACCESS_TOKEN_EXPIRE_SECONDS,
    )


def refresh_token(request: Any) -> str:
    """REFRESH_TOKEN_GENERATOR: random. oauthlib's default is the generator of access tokens, which
    would make every refresh token an access token as well."""
    return str(random_token_generator(request))
