"""Make an access token (RFC 9068). Used by the provider, by `ramet_token` and by tests."""

import secrets
import time
from collections.abc import Iterable

from joserfc import jwt
from joserfc.jwk import RSAKey

from ramet.identity.tokens import ALGORITHM

__all__ = ["LIFETIME_SECONDS", "issue"]

# Short, because nobody is asked again before it ends: a withdrawn right lives on for so long.
LIFETIME_SECONDS = 300


def issue(
    pem: str,
    *,
    issuer: str,
    audience: str,
    subject: str,
    client_id: str,
    scopes: Iterable[str] = (),
    username: str = "",
    lifetime: int = LIFETIME_SECONDS,
) -> str:
    """A signed access token that is good from now for `lifetime` seconds.

    `pem` is the private key; its RFC 7638 thumbprint is the `kid`, as in the published key set.
    """
    key = RSAKey.import_key(pem)
    now = int(time.time())
    claims: dict[str, object] = {
        "iss": issuer,
        "aud": audience,
        "sub": subject,
        "client_id": client_id,
        "scope": " ".join(sorted(scopes)),
        "jti": secrets.token_urlsafe(16),
        "iat": now,
        "exp": now + lifetime,
    }
    if username:
        claims["preferred_username"] = username
    header = {"alg": ALGORITHM, "typ": "at+jwt", "kid": key.thumbprint()}
    return jwt.encode(header, claims, key, algorithms=[ALGORITHM])
