"""Signed webhooks by Stripe's scheme v1, which the sandbox uses too.

The header is `t=<unix time>,v1=<hex>[,v1=<hex>...]`; each v1 is the HMAC-SHA256 of `<t>.<body>`
under the endpoint's secret. Source: https://docs.stripe.com/webhooks#verify-manually
"""

import hmac
import time
from hashlib import sha256

from shop.payments.providers import BadSignature

TOLERANCE_SECONDS = 300


def verify(header: str, body: bytes, secret: str, *, now: float | None = None) -> None:
    """Raise BadSignature unless `header` signs `body` under `secret` within the tolerance.

    `now` is Unix time in seconds. Without a secret nothing can be verified, so nothing is.
    """
    if not secret:
        raise BadSignature("no webhook secret is configured")
    timestamp = ""
    candidates = []
    for part in header.split(","):
        name, _, value = part.strip().partition("=")
        if name == "t":
            timestamp = value
        elif name == "v1":  # v0 and others are test or future schemes: ignored, as documented
            candidates.append(value)
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 16) or not candidates:
        raise BadSignature("the signature header is missing or malformed")
    # Several v1 while a secret is being rolled. Compared as bytes: a header may hold anything.
    expected = _digest(timestamp, body, secret).encode()
    if not any(
        hmac.compare_digest(expected, candidate.encode("utf-8", "replace"))
        for candidate in candidates
    ):
        raise BadSignature("the signature does not match")
    if abs((time.time() if now is None else now) - int(timestamp)) > TOLERANCE_SECONDS:
        raise BadSignature("the signature is too old or from the future")


def sign(body: bytes, secret: str, *, now: float | None = None) -> str:
    """The header that `verify` accepts."""
    timestamp = str(int(time.time() if now is None else now))
    return f"t={timestamp},v1={_digest(timestamp, body, secret)}"


def _digest(timestamp: str, body: bytes, secret: str) -> str:
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, sha256).hexdigest()
