"""The authorization code flow by hand, to leave things out of it or to change them."""

import base64
import hashlib
import secrets
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import requests

from tests.acceptance.abuse.browser import Browser

CLIENT = "storefront"


class Grant:
    """One authorization request of the storefront's client, made by `browser`.

    The verifier is known here, as it is to an attacker who began the request himself.
    """

    def __init__(self, browser: Browser, client: str = CLIENT, callback: str = "") -> None:
        self.browser = browser
        self.client = client
        self.callback = callback or f"{browser.url}/auth/callback/"
        self.verifier = secrets.token_urlsafe(48)
        self.state = secrets.token_urlsafe(16)
        self.nonce = secrets.token_urlsafe(16)

    @property
    def challenge(self) -> str:
        """RFC 7636, section 4.2."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    def asked(self, **changed: str | None) -> dict[str, str]:
        """The parameters of a proper request with these changed, or left out where None."""
        proper: dict[str, str | None] = {
            "response_type": "code",
            "client_id": self.client,
            "redirect_uri": self.callback,
            "scope": "openid profile",
            "state": self.state,
            "nonce": self.nonce,
            "code_challenge": self.challenge,
            "code_challenge_method": "S256",
            **changed,
        }
        return {name: value for name, value in proper.items() if value is not None}

    def ask(self, **changed: str | None) -> requests.Response:
        """The authorization endpoint's answer."""
        return self.browser.get("/o/authorize/", params=self.asked(**changed))

    def code(self, **changed: str | None) -> str:
        """A code for whoever is signed in at the browser."""
        answer = self.ask(**changed)
        query = answered(answer)
        assert "code" in query, f"{answer.status_code} {answer.headers} {answer.text[:500]}"
        return query["code"]

    def exchange(self, code: str, **changed: str | None) -> requests.Response:
        """The token endpoint's answer, from somebody who has no cookies."""
        form: dict[str, str | None] = {
            "grant_type": "authorization_code",
            "client_id": self.client,
            "code": code,
            "redirect_uri": self.callback,
            "code_verifier": self.verifier,
            **changed,
        }
        return self.token({name: value for name, value in form.items() if value is not None})

    def refresh(self, token: str, **changed: str) -> requests.Response:
        """The token endpoint's answer to a refresh token."""
        form = {"grant_type": "refresh_token", "client_id": self.client, "refresh_token": token}
        return self.token({**form, **changed})

    def token(self, form: dict[str, str]) -> requests.Response:
        return requests.post(f"{self.browser.url}/o/token/", data=form, timeout=30)

    def tokens(self, **changed: str | None) -> dict[str, Any]:
        """The tokens of whoever is signed in at the browser."""
        answer = self.exchange(self.code(**changed))
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


def answered(answer: requests.Response) -> dict[str, str]:
    """What an authorization response says to the client: the query of where it leads."""
    location = urljoin(answer.url, answer.headers.get("location", ""))
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


def refused(answer: requests.Response) -> bool:
    """Whether a token endpoint said no, as OAuth says it (RFC 6749, section 5.2)."""
    return answer.status_code in {400, 401} and "error" in answer.json()
