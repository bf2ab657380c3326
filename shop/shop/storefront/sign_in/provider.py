"""The OpenID provider as this client sees it: where its endpoints are, and what it grants."""

import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from joserfc import jwt
from joserfc.errors import JoseError

from ramet.identity import keys
from ramet.placement import here

from .back_channel import ProviderUnavailable, ask

CLIENT_ID = "storefront"
SCOPES = "openid profile"
_CLOCK_SKEW_SECONDS = 10
_DISCOVERY_SECONDS = 600.0


class NotGranted(Exception):
    """The provider refused, or what it sent cannot be believed. `str()` is for the log only."""


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The provider's addresses, as browsers see them; `revocation` and `end_session` may be "".

    `names_itself`: its answers carry `iss` (RFC 9207), so that one without it is not its own.
    """

    authorization: str
    token: str
    revocation: str
    end_session: str
    names_itself: bool


@dataclass(frozen=True, slots=True)
class Tokens:
    """One answer of the token endpoint; `id_token` may be "" after a refresh."""

    access_token: str
    refresh_token: str
    id_token: str
    expires_at: datetime


_discovered: tuple[float, str, Endpoints] | None = None


def endpoints() -> Endpoints:
    """The provider's endpoints, discovered and then remembered for ten minutes.

    From OpenID Connect Discovery 1.0, section 4; where to revoke tokens only RFC 8414's document
    tells, which a provider need not have.
    """
    global _discovered
    issuer = here().environment.issuer
    if _discovered is not None:
        until, of_issuer, remembered = _discovered
        if of_issuer == issuer and time.monotonic() < until:
            return remembered
    said = _document(issuer, issuer.rstrip("/") + "/.well-known/openid-configuration")
    if "authorization_endpoint" not in said or "token_endpoint" not in said:
        raise ProviderUnavailable(f"no discovery document of {issuer}")
    parts = urlsplit(issuer)
    known = f"{parts.scheme}://{parts.netloc}/.well-known/oauth-authorization-server{parts.path}"
    found = Endpoints(
        authorization=str(said["authorization_endpoint"]),
        token=str(said["token_endpoint"]),
        revocation=str(_document(issuer, known.rstrip("/")).get("revocation_endpoint") or ""),
        end_session=str(said.get("end_session_endpoint") or ""),
        names_itself=said.get("authorization_response_iss_parameter_supported") is True,
    )
    _discovered = (time.monotonic() + _DISCOVERY_SECONDS, issuer, found)
    return found


def exchange(code: str, verifier: str, redirect_uri: str) -> Tokens:
    """The tokens for an authorization code. Raises NotGranted, ProviderUnavailable."""
    return _grant(
        grant_type="authorization_code",
        code=code,
        code_verifier=verifier,
        redirect_uri=redirect_uri,
    )


def refresh(refresh_token: str) -> Tokens:
    """New tokens; `refresh_token` is used up by this. Raises NotGranted, ProviderUnavailable."""
    return _grant(grant_type="refresh_token", refresh_token=refresh_token)


def revoke(refresh_token: str) -> None:
    """Make the provider forget the sign-in (RFC 7009). Raises ProviderUnavailable."""
    if refresh_token and (url := endpoints().revocation):
        ask(
            url,
            {"client_id": CLIENT_ID, "token": refresh_token, "token_type_hint": "refresh_token"},
        )


def verified_id_token(id_token: str, nonce: str) -> dict[str, Any]:
    """The claims of a genuine ID token for this client and this very attempt, else NotGranted.

    OpenID Connect Core 1.0, section 3.1.3.7.
    """
    try:
        token = jwt.decode(id_token, lambda parsed: _key(parsed.headers()), algorithms=["RS256"])
    except (JoseError, ValueError, TypeError) as error:
        raise NotGranted(f"the ID token is not genuine: {error}") from error
    said = token.claims
    audience = said.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    expires = said.get("exp")
    checks = {
        "iss": said.get("iss") == here().environment.issuer,
        "aud": CLIENT_ID in audiences,
        "azp": said.get("azp", CLIENT_ID) == CLIENT_ID,
        "nonce": said.get("nonce") == nonce,
        "exp": isinstance(expires, int | float) and expires > time.time() - _CLOCK_SKEW_SECONDS,
        "sub": isinstance(said.get("sub"), str) and bool(said["sub"]),
    }
    wrong = [name for name, holds in checks.items() if not holds]
    if wrong:
        raise NotGranted(f"the ID token's {', '.join(wrong)} cannot be accepted")
    return dict(said)


def _key(header: dict[str, Any]) -> Any:
    key = keys.find(str(header.get("kid", "")))
    if key is None:
        raise ValueError("it is signed with a key that the provider does not publish")
    return key


def _grant(**form: str) -> Tokens:
    answer = ask(endpoints().token, {"client_id": CLIENT_ID, **form})
    said = _json(answer.body)
    if answer.status in (400, 401):
        raise NotGranted(f"the token endpoint refused: {said.get('error', answer.status)}")
    if answer.status != 200 or not isinstance(said.get("access_token"), str):
        raise ProviderUnavailable(f"the token endpoint answered {answer.status}")
    return Tokens(
        access_token=said["access_token"],
        refresh_token=str(said.get("refresh_token") or ""),
        id_token=str(said.get("id_token") or ""),
        expires_at=datetime.now(UTC) + timedelta(seconds=int(said.get("expires_in", 0))),
    )


def _document(issuer: str, url: str) -> dict[str, Any]:
    """The metadata at `url`; empty where there is none, or it is another issuer's."""
    answer = ask(url)
    said = _json(answer.body)
    return said if answer.status == 200 and said.get("issuer") == issuer else {}


def _json(body: bytes) -> dict[str, Any]:
    try:
        said = json.loads(body)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
