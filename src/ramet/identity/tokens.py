"""`verify`: the rules by which an access token is believed.

RFC 9068 section 4 with everything pinned that RFC 8725 asks to pin: one algorithm, the type, the
issuer, the audience. The gateway applies the same rules to what comes from outside, except `typ`,
which Envoy does not look at; so this is not a repetition that could be left out.
"""

import json
import time
from collections import OrderedDict
from datetime import UTC, datetime
from threading import Lock
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError

from ramet.identity import keys
from ramet.identity.claims import Claims, InvalidToken
from ramet.identity.settings import IdentitySettings, settings

__all__ = ["ALGORITHM", "CLOCK_SKEW_SECONDS", "verify"]

ALGORITHM = "RS256"
# The same in the gateway's jwt_authn: a token is never good at the edge and bad behind it.
CLOCK_SKEW_SECONDS = 10
_TYPES = frozenset({"at+jwt", "application/at+jwt"})
_LONGEST_TOKEN = 8 * 1024
_REMEMBERED = 1024

# `crit` is still honoured without strict_check_header; other unknown headers are harmless.
_registry = jws.JWSRegistry(algorithms=[ALGORITHM], strict_check_header=False)


def verify(token: str) -> Claims:
    """The claims of `token`, or InvalidToken with the first rule that it breaks.

    Raises KeysUnavailable where no key set could ever be fetched: then nothing is known about the
    token. A token that was verified before costs a dictionary look-up, until it expires or the
    issuer withdraws its key. Safe from any thread.
    """
    accepted = settings()
    now = time.time()
    generation = keys.generation()
    remembered = _seen.get(token, generation)
    if remembered is not None:
        _check_time(remembered.expires_at.timestamp(), now)
        return remembered
    claims = _verify_anew(token, accepted, now)
    # The generation from before: keys that changed meanwhile make the entry void, not wrong.
    _seen.put(token, generation, claims)
    return claims


def forget() -> None:
    """Forget every token that was verified before."""
    _seen.clear()


def _verify_anew(token: str, accepted: IdentitySettings, now: float) -> Claims:
    if len(token) > _LONGEST_TOKEN:
        raise InvalidToken(f"the token is longer than {_LONGEST_TOKEN} characters")
    try:
        signed = jws.extract_compact(token.encode("ascii"), registry=_registry)
        header = signed.headers()
    except (JoseError, ValueError, TypeError):
        raise InvalidToken("the token is not a signed JWT in compact form") from None
    if header.get("alg") != ALGORITHM:
        raise InvalidToken(f"the token is not signed with {ALGORITHM}")
    kind = header.get("typ")
    if not isinstance(kind, str) or kind.lower() not in _TYPES:
        raise InvalidToken("the token is not an access token (its typ is not at+jwt)")
    kid = header.get("kid")
    if not isinstance(kid, str) or not kid:
        raise InvalidToken("the token does not name its key (kid)")
    key = keys.find(kid)
    if key is None:
        raise InvalidToken("the token is signed with a key that the issuer does not publish")
    try:
        genuine = jws.validate_compact(signed, key, registry=_registry)
    except (JoseError, ValueError, TypeError):
        genuine = False
    if not genuine:
        raise InvalidToken("the signature of the token is wrong")
    return _claims(token, _object(signed.payload), accepted, now)


def _object(payload: bytes) -> dict[str, Any]:
    try:
        content = json.loads(payload)
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise InvalidToken("the token's content is not a JSON object")
    return content


def _claims(token: str, said: dict[str, Any], accepted: IdentitySettings, now: float) -> Claims:
    if said.get("iss") != accepted.issuer:
        raise InvalidToken("the token comes from another issuer")
    audience = said.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    if accepted.audience not in audiences:
        raise InvalidToken("the token is meant for another audience")
    expires = _seconds(said, "exp")
    _check_time(expires, now)
    if "nbf" in said and _seconds(said, "nbf") > now + CLOCK_SKEW_SECONDS:
        raise InvalidToken("the token is not valid yet")
    scope = said.get("scope", "")
    username = said.get("preferred_username", "")
    if not isinstance(scope, str) or not isinstance(username, str):
        raise InvalidToken("the token's scope or preferred_username is not text")
    return Claims(
        subject=_text(said, "sub"),
        scopes=frozenset(scope.split()),
        client_id=_text(said, "client_id"),
        username=username,
        expires_at=datetime.fromtimestamp(expires, UTC),
        token=token,
    )


def _check_time(expires: float, now: float) -> None:
    if expires <= now - CLOCK_SKEW_SECONDS:
        raise InvalidToken("the token has expired")


def _seconds(said: dict[str, Any], name: str) -> float:
    value = said.get(name)
    # bool is an int to Python; a date beyond the year 9999 cannot be a datetime.
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 2.5e11:
        raise InvalidToken(f"the token's {name} is not a time in seconds")
    return float(value)


def _text(said: dict[str, Any], name: str) -> str:
    value = said.get(name)
    if not isinstance(value, str) or not value:
        raise InvalidToken(f"the token lacks {name}")
    return value


class _Seen:
    """The last tokens that were verified: RS256 costs 60 us, the same caller calls often."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._entries: OrderedDict[str, tuple[int, Claims]] = OrderedDict()

    def get(self, token: str, generation: int) -> Claims | None:
        with self._lock:
            entry = self._entries.get(token)
            if entry is None:
                return None
            if entry[0] != generation:
                del self._entries[token]
                return None
            self._entries.move_to_end(token)
            return entry[1]

    def put(self, token: str, generation: int, claims: Claims) -> None:
        with self._lock:
            self._entries[token] = (generation, claims)
            while len(self._entries) > _REMEMBERED:
                self._entries.popitem(last=False)

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()


_seen = _Seen()
