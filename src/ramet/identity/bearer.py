"""The Bearer scheme of RFC 6750: reading the token from a request, and the challenge of a refusal.

Plain strings in and out, so that Django middleware, DRF and the server of operations share it.
"""

import re

from ramet.identity.claims import InvalidToken

__all__ = ["challenge", "of_header"]

# Not every white space of Unicode: the gateway must see the scheme wherever a service does.
_WORD = re.compile(r"\S+", re.ASCII)


def of_header(authorization: str) -> str | None:
    """The token of an Authorization header, or None where the header is of another scheme.

    Raises InvalidToken for `Bearer` without exactly one token: a client that meant to sign in must
    not become anonymous in silence.
    """
    # A tab is as much a sign of a client that meant to sign in.
    words: list[str] = _WORD.findall(authorization)
    scheme, *tokens = words or [""]
    if scheme.lower() != "bearer":
        return None
    if len(tokens) != 1:
        raise InvalidToken("the Authorization header does not carry one token after Bearer")
    return tokens[0]


def challenge(error: InvalidToken | None = None, scope: str = "") -> str:
    """The WWW-Authenticate value: bare where no token came, else why the token was refused.

    With `scope`, the answer to a good token that lacks it (RFC 6750, section 3.1).
    """
    if scope:
        return f'Bearer error="insufficient_scope", scope="{scope}"'
    if error is None:
        return "Bearer"
    # Reasons are sentences of ours, but a quote in one must not end the parameter early.
    reason = error.reason.replace("\\", "").replace('"', "'")
    return f'Bearer error="invalid_token", error_description="{reason}"'
