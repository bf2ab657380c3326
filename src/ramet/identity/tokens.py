"""`verify`: the rules by which an access token is believed.

RFC 9068 section 4 with everything pinned that RFC 8725 asks to pin: one algorithm, the type, the
issuer, the audience. The gateway applies the same rules to what comes from outside, except the type
and, where a key does not name its own, the algorithm: Envoy does not look at those. So this is not
a repetition that could be left out.
"""

import json
import os
import time
from collections import OrderedDict
from datetime import UTC, datetime
from functools import cache
from threading import Lock
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError

from ramet.identity import keys, subjects
from ramet.identity.claims import Claims, InvalidToken
from ramet.identity.settings import IdentitySettings, settings

__all__ = ["ALGORITHM", "CLOCK_SKEW_SECONDS", "verify"]

ALGORITHM = "RS256"  # of our own provider, and of a foreign one unless ramet.toml says another
# The same in the gateway's jwt_authn: a token is never good at the edge and bad behind it.
CLOCK_SKEW_SECONDS = 10
_LONGEST_TOKEN = 8 * 1024
_REMEMBERED = 1024
# What only an ID token says (OpenID Connect Core 1.0, sections 2 and 3.3.2.11).
_OF_ID_TOKENS = ("nonce", "at_hash", "c_hash", "s_hash")
_CLIENT = ("client_id", "azp", "cid")  # RFC 9068; Keycloak, Auth0, Entra; Okta
_SCOPES = ("scope", "scp")  # RFC 9068; Entra (a text), Okta (a list)


@cache
def _registry(algorithm: str) -> jws.JWSRegistry:
    # `crit` is still honoured without strict_check_header; other unknown headers are harmless.
    return jws.JWSRegistry(algorithms=[algorithm], strict_check_header=False)


def verify(token: str) -> Claims:
    """The claims of `token`, or InvalidToken with the first rule that it breaks.

    Raises KeysUnavailable where the issuer's keys cannot be fetched: then nothing is known about
    the token. A token that was verified before costs a dictionary look-up, until it expires or the
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
    registry = _registry(accepted.algorithm)
    try:
        signed = jws.extract_compact(token.encode("ascii"), registry=registry)
        header = signed.headers()
    except (JoseError, ValueError, TypeError, RecursionError):  # JSON may be nested deeply
        raise InvalidToken("the token is not a signed JWT in compact form") from None
    if header.get("alg") != accepted.algorithm:
        raise InvalidToken(f"the token is not signed with {accepted.algorithm}")
    kind = _type(header)
    if kind not in accepted.token_types:
        wanted = " or ".join(sorted(accepted.token_types))
        raise InvalidToken(f"the token is not an access token (its typ is not {wanted})")
    kid = header.get("kid")
    if not isinstance(kid, str) or not kid:
        raise InvalidToken("the token does not name its key (kid)")
    key = keys.find(kid)
    if key is None:
        raise InvalidToken("the token is signed with a key that the issuer does not publish")
    try:
        genuine = jws.validate_compact(signed, key, registry=registry)
    except (JoseError, ValueError, TypeError):
        genuine = False
    if not genuine:
        raise InvalidToken("the signature of the token is wrong")
    said = _object(signed.payload)
    if kind == "JWT":
        _refuse_id_tokens(said, accepted)
    return _claims(token, said, accepted, now)


def _type(header: dict[str, Any]) -> str | None:
    """at+jwt, JWT (which a header without typ means, too: RFC 7519, section 5.1), or None."""
    kind = header.get("typ", "JWT")
    if not isinstance(kind, str):
        return None
    bare = kind.lower().removeprefix("application/")  # RFC 7515, section 4.1.9
    return {"at+jwt": "at+jwt", "jwt": "JWT"}.get(bare)


def _refuse_id_tokens(said: dict[str, Any], accepted: IdentitySettings) -> None:
    """What typ does not tell, the content must: an ID token of the same issuer is no access token.

    An access token names the scopes that it grants and the client that it was given to, whose own
    id is not the audience: an ID token's audience is its client, and it grants nothing. Keycloak
    says in a claim `typ` which of its tokens it is.
    """
    names_itself_otherwise = said.get("typ", "Bearer") != "Bearer"
    is_for_its_client = any(said.get(name) == accepted.audience for name in _CLIENT)
    grants_something = any(name in said for name in _SCOPES)
    if (
        names_itself_otherwise
        or is_for_its_client
        or not grants_something
        or any(name in said for name in _OF_ID_TOKENS)
    ):
        raise InvalidToken("the token is not an access token (by its claims)")


def _object(payload: bytes) -> dict[str, Any]:
    try:
        content = json.loads(payload)
    except (ValueError, RecursionError):
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
    if "nbf" in said and _seconds(said, "nbf") > int(now) + CLOCK_SKEW_SECONDS:
        raise InvalidToken("the token is not valid yet")
    username = said.get("preferred_username", "")
    if not isinstance(username, str):
        raise InvalidToken("the token's preferred_username is not text")
    subject, client_id = _text(said, "sub"), _text(said, *_CLIENT)
    return Claims(
        subject=subject,
        scopes=_scopes(said),
        client_id=client_id,
        username=username,
        expires_at=datetime.fromtimestamp(expires, UTC),
        user_id=subjects.user_id(
            subject, client_id, accepted.issuer if accepted.is_foreign else None
        ),
        token=token,
    )


def _scopes(said: dict[str, Any]) -> frozenset[str]:
    given = next((said[name] for name in _SCOPES if name in said), "")
    scopes = given.split() if isinstance(given, str) else given
    if not isinstance(scopes, list) or not all(isinstance(scope, str) for scope in scopes):
        raise InvalidToken("the token's scope is not text")
    return frozenset(scopes)


def _check_time(expires: float, now: float) -> None:
    # In whole seconds and with both ends included, as Envoy counts.
    if expires < int(now) - CLOCK_SKEW_SECONDS:
        raise InvalidToken("the token has expired")


def _seconds(said: dict[str, Any], name: str) -> int:
    value = said.get(name)
    # bool is an int to Python; a date beyond the year 9999 cannot be a datetime.
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 2.5e11:
        raise InvalidToken(f"the token's {name} is not a time in seconds")
    return int(value)  # Envoy drops fractions, too


def _text(said: dict[str, Any], *names: str) -> str:
    """The first claim of `names` that is there."""
    value = next((said[name] for name in names if name in said), None)
    if not isinstance(value, str) or not value:
        raise InvalidToken(f"the token lacks {names[0]}")
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


def _begin_anew() -> None:
    """In a forked child: a thread of the parent may have held the lock."""
    global _seen
    _seen = _Seen()


os.register_at_fork(after_in_child=_begin_anew)
