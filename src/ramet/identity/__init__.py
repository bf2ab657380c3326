"""Who is calling: access tokens are verified here, in every service, and nowhere trusted unseen.

A request's user is built from the claims of its token (RFC 9068); no service but the issuer has a
table of users. The Django parts (`drf`, `middleware`, `provider`) are modules of their own, so that
verifying a token needs none of them.
"""

from ramet.identity.claims import Claims, InvalidToken, KeysUnavailable
from ramet.identity.context import current_token, current_user, use_token
from ramet.identity.tokens import verify
from ramet.identity.user import Anonymous, User

__all__ = [
    "Anonymous",
    "Claims",
    "InvalidToken",
    "KeysUnavailable",
    "User",
    "current_token",
    "current_user",
    "use_token",
    "verify",
]
