"""Which names tell that what they name is a secret: of fields, headers, and parts of a URL."""

import re

__all__ = ["REDACTED", "TELLTALE", "WHOLE", "is_of_a_link", "is_secret"]

REDACTED = "[redacted]"

TELLTALE = "authorization|token|passw|secret|cookie|credential|api_?key|private_?key|sessionid"
"""A regular expression: whatever has one of these within its name is a secret."""
_TELLTALE_PART = re.compile(TELLTALE, re.IGNORECASE)

WHOLE = frozenset({"code", "code_verifier", "device_code", "user_code", "id_token_hint"})
WHOLE |= {"assertion", "client_assertion", "jwt", "bearer", "otp", "pin"}
"""Secrets by their whole name only: `status_code` and `country_code` are none."""

# What Django's and allauth's links have beside their `token`, and what others call theirs.
_OF_LINKS = frozenset({"key", "uidb64", "uidb36", "signature", "signed", "digest", "hash", "nonce"})


def is_secret(name: str) -> bool:
    """Whether a field, a header or a parameter of that name has a secret."""
    plain = name.lower().replace("-", "_")
    return plain in WHOLE or _TELLTALE_PART.search(plain) is not None


def is_of_a_link(name: str) -> bool:
    """Whether a part of a URL's path that the project calls so is, or belongs to, a secret."""
    return is_secret(name) or name.lower() in _OF_LINKS
