"""Clients that others wrote go through the whole flow at the running shop's provider.

`openid-client` on Node.js and Authlib, through the gateway: discovery, code with PKCE, ID token,
userinfo, refresh, introspection, revocation.
"""

import html
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session, OAuthError
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.acceptance.running_shop import ROOT, RunningShop

# The storefront, a client as well, goes through the monolith in its own tests.
pytestmark = pytest.mark.parametrize("shop", ["services"], indirect=True)

NODE = ROOT / "tests" / "node"
CALLBACK = "http://127.0.0.1:7/callback"
SECRET = "only-for-this-test"

REGISTER = f"""
from oauth2_provider.models import Application
for client_id, kind, secret, trusted in [
    ("independent-public", "public", "", True),
    ("independent-secret", "confidential", {SECRET!r}, False),
]:
    Application.objects.update_or_create(client_id=client_id, defaults={{
        "name": client_id, "client_type": kind, "client_secret": secret,
        "authorization_grant_type": Application.GRANT_AUTHORIZATION_CODE,
        "redirect_uris": {CALLBACK!r}, "algorithm": Application.RS256_ALGORITHM,
        "skip_authorization": trusted}})
"""


@pytest.fixture(scope="module")
def registered(shop: RunningShop) -> RunningShop:
    shop.ramet("manage", "users", "--", "shell", "-c", REGISTER)
    return shop


class Browser:
    """Signs alice in, allows what is asked, and says where a client's page would be opened."""

    def __init__(self, password: str) -> None:
        self.session = requests.Session()
        self.password = password

    def follow(self, url: str) -> str:
        answer = self.session.get(url, timeout=30, allow_redirects=False)
        for _ in range(8):
            if answer.status_code == 302:
                url = requests.compat.urljoin(url, answer.headers["Location"])
                if url.startswith(CALLBACK):
                    return url
                answer = self.session.get(url, timeout=30, allow_redirects=False)
                continue
            assert answer.status_code == 200, answer.text
            form = self._hidden(answer.text)
            if "/o/sign-in/" in url:
                form |= {"username": "alice", "password": self.password}
            else:
                form |= {"allow": "Authorize"}
            answer = self.session.post(url, form, timeout=30, allow_redirects=False)
        raise AssertionError(f"no end at {url}")

    @staticmethod
    def _hidden(page: str) -> dict[str, str]:
        first_form = page.partition("</form>")[0]
        inputs = re.findall(r'<input type="hidden"[^>]*>', first_form)
        named = [
            (re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag))
            for tag in inputs
        ]
        return {name[1]: html.unescape(value[1]) if value else "" for name, value in named if name}


@pytest.mark.skipif(
    shutil.which("node") is None or not (NODE / "node_modules").is_dir(),
    reason="no node, or not its packages: make tests/node/node_modules/.installed",
)
@pytest.mark.parametrize(
    ("client", "secret", "algorithm"),
    [("independent-public", "", "oidc"), ("independent-secret", SECRET, "oauth2")],
)
def test_openid_client(registered: RunningShop, client: str, secret: str, algorithm: str) -> None:
    issuer = f"{registered.url}/o"
    process = subprocess.Popen(
        ["node", "client.mjs", issuer, client, secret, CALLBACK, algorithm],
        cwd=NODE,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, process.communicate(timeout=30)[1]
        sent = Browser(registered.demo_password).follow(json.loads(line)["open"])
        out, err = process.communicate(sent + "\n", timeout=60)
    finally:
        process.kill()
    assert process.returncode == 0, err
    learnt = json.loads(out)
    assert learnt["claims"]["iss"] == issuer
    assert learnt["claims"]["aud"] == client
    assert learnt["userinfo"]["preferred_username"] == "alice"
    assert learnt["userinfo"]["email"] == "alice@shop.example"
    assert learnt["renewed"] is True
    assert learnt["refusal"] == "invalid_grant"
    if secret:
        assert (learnt["active"], learnt["afterwards"]) == (True, False)
    bearer = {"Authorization": f"Bearer {learnt['access_token']}"}
    me = registered.get("/api/v1/users/me/", user=None, headers=bearer)
    assert me["id"] == learnt["claims"]["sub"]


@pytest.mark.parametrize(
    ("client", "secret"), [("independent-public", None), ("independent-secret", SECRET)]
)
def test_authlib(
    registered: RunningShop,
    client: str,
    secret: str | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")  # plain http on loopback
    issuer = f"{registered.url}/o"
    known = requests.get(f"{issuer}/.well-known/openid-configuration", timeout=30).json()
    session = OAuth2Session(
        client,
        secret,
        scope="openid profile",
        redirect_uri=CALLBACK,
        code_challenge_method="S256",
        token_endpoint_auth_method="client_secret_post" if secret else "none",
        revocation_endpoint_auth_method="client_secret_post" if secret else "none",
    )
    verifier, nonce = generate_token(48), generate_token(20)
    url, state = session.create_authorization_url(
        known["authorization_endpoint"], code_verifier=verifier, nonce=nonce
    )
    sent = Browser(registered.demo_password).follow(url)
    granted = session.fetch_token(
        known["token_endpoint"], authorization_response=sent, state=state, code_verifier=verifier
    )
    keys = KeySet.import_key_set(requests.get(known["jwks_uri"], timeout=30).json())
    claims = jwt.decode(granted["id_token"], keys, algorithms=["RS256"]).claims
    assert (claims["iss"], claims["aud"], claims["nonce"]) == (issuer, client, nonce)
    assert session.get(known["userinfo_endpoint"]).json()["preferred_username"] == "alice"

    renewed = session.refresh_token(known["token_endpoint"])
    assert renewed["refresh_token"] != granted["refresh_token"]
    if secret:
        asked: Any = {"token": renewed["access_token"], "url": known["introspection_endpoint"]}
        assert session.introspect_token(**asked).json()["active"] is True
    session.revoke_token(
        known["revocation_endpoint"],
        token=renewed["refresh_token"],
        token_type_hint="refresh_token",
    )
    with pytest.raises(OAuthError, match="invalid_grant"):
        session.refresh_token(known["token_endpoint"], refresh_token=renewed["refresh_token"])
    assert session.get(known["userinfo_endpoint"]).status_code == 401


def test_the_document_of_rfc_8414_is_at_the_root_of_the_public_address(
    registered: RunningShop,
) -> None:
    path = urlsplit(f"{registered.url}/o").path
    known = registered.get(f"/.well-known/oauth-authorization-server{path}", user=None)
    assert known == registered.get("/o/.well-known/openid-configuration", user=None)
    assert Path(urlsplit(known["token_endpoint"]).path) == Path("/o/token")


def test_the_keys_of_the_command_line_are_those_that_are_published(shop: RunningShop) -> None:
    listed = json.loads(shop.ramet("keys", "list", "--json"))
    published = shop.get("/o/.well-known/jwks.json", user=None)["keys"]
    assert [key["kid"] for key in published] == [key["kid"] for key in listed]
    assert [key["state"] for key in listed] == ["signing", "next"]
    assert all(key["encrypted"] for key in listed)
    secrets = shop.folder / ".ramet" / "secrets"
    assert "ENCRYPTED" in (secrets / "signing-keys.pem").read_text()
