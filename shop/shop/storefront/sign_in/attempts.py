"""Sign-ins that a browser has begun and not finished: state, nonce and verifier, in its session."""

import base64
import hashlib
import secrets
import time
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme

from .provider import CLIENT_ID, SCOPES

_SESSION_KEY = "storefront.attempts"
_MOST = 5
_SECONDS = 15 * 60


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt; `state` and `nonce` tie the answer to it, `verifier` proves that it is ours."""

    state: str
    nonce: str
    verifier: str
    following: str
    begun: float

    @property
    def challenge(self) -> str:
        """The S256 code challenge (RFC 7636, section 4.2)."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    def authorization_query(self, redirect_uri: str, **more: str) -> str:
        """The query of the authorization request, with `more` parameters."""
        return urlencode(
            {
                "response_type": "code",
                "client_id": CLIENT_ID,
                "redirect_uri": redirect_uri,
                "scope": SCOPES,
                "state": self.state,
                "nonce": self.nonce,
                "code_challenge": self.challenge,
                "code_challenge_method": "S256",
                **more,
            }
        )


def begin(request: HttpRequest, following: str) -> Attempt:
    """Remember a new attempt. Several tabs may each have one; the oldest of many is dropped."""
    attempt = Attempt(
        state=secrets.token_urlsafe(24),
        nonce=secrets.token_urlsafe(24),
        verifier=secrets.token_urlsafe(48),
        following=own_path(following),
        begun=time.time(),
    )
    kept = _kept(request)[-(_MOST - 1) :]
    request.session[_SESSION_KEY] = [*kept, asdict(attempt)]
    return attempt


def finish(request: HttpRequest, state: str) -> Attempt | None:
    """Take the attempt with this state out: it can be finished once. None: there is none."""
    kept = _kept(request)
    request.session[_SESSION_KEY] = [entry for entry in kept if entry["state"] != state]
    for entry in kept:
        if secrets.compare_digest(str(entry["state"]).encode(), state.encode()):
            return Attempt(**entry)
    return None


def own_path(target: str) -> str:
    """`target` if it is a path of this site, else "/": never a way to send people elsewhere."""
    if target.startswith("/") and url_has_allowed_host_and_scheme(target, allowed_hosts=None):
        return target
    return "/"


def _kept(request: HttpRequest) -> list[dict[str, Any]]:
    kept = request.session.get(_SESSION_KEY, [])
    return [entry for entry in kept if entry["begun"] > time.time() - _SECONDS]
