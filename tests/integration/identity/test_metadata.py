"""Both discovery documents say one thing, and what they say is so, whatever host was asked for."""

import http.client
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.integration.identity.papers import Papers

OPENID = "/o/.well-known/openid-configuration"
# RFC 8414, section 3.1: the issuer's path comes last.
OAUTH = "/.well-known/oauth-authorization-server/o"


@pytest.fixture
def said(papers: Papers) -> dict[str, Any]:
    return dict(papers.get(OPENID).json())


def test_the_two_documents_are_equal(papers: Papers, said: dict[str, Any]) -> None:
    # Not by the gateway: its routes are the project's, and this one serves /o/ alone.
    assert papers.directly("accounts", OAUTH, None).json() == said


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "localhost:1"])
@pytest.mark.parametrize("path", [OPENID, OAUTH])
def test_no_host_changes_a_word(papers: Papers, said: dict[str, Any], host: str, path: str) -> None:
    forged = {"X-Forwarded-Host": host, "X-Forwarded-Port": "1", "Forwarded": f"host={host}"}
    answer = papers.directly("accounts", path, None, **forged)
    assert answer.json() == said
    answer = papers.directly("accounts", path, None, Host=host)
    assert answer.status == 400 or answer.json() == said
    through = papers.get(OPENID, X_Forwarded_Host=host)
    assert through.json() == said


def test_the_issuer_in_answers_and_tokens_is_pinned_too(papers: Papers) -> None:
    cookie = papers.get("/o/sign-in/?name=alice").headers["Set-Cookie"].partition(";")[0]
    query = "response_type=code&client_id=web&redirect_uri=http%3A%2F%2Flocalhost%2Fcb&scope=openid"
    query += "&code_challenge_method=S256&code_challenge=" + "c" * 43
    forged = {"Cookie": cookie, "Host": "127.0.0.1", "X_Forwarded_Host": "evil.example"}
    location = papers.get(f"/o/authorize/?{query}", **forged).headers["Location"]
    assert f"iss={papers.issuer.replace(':', '%3A').replace('/', '%2F')}" in location


def test_every_endpoint_that_is_named_is_there(papers: Papers, said: dict[str, Any]) -> None:
    named = {name: url for name, url in said.items() if name.endswith(("_endpoint", "_uri"))}
    assert named.keys() == {
        "authorization_endpoint",
        "token_endpoint",
        "userinfo_endpoint",
        "jwks_uri",
        "end_session_endpoint",
        "revocation_endpoint",
        "introspection_endpoint",
        "device_authorization_endpoint",
    }
    for name, url in named.items():
        assert url.startswith(f"{papers.issuer}/"), name
        for answer in (papers.get(urlsplit(url).path), papers.post(urlsplit(url).path)):
            assert answer.status not in {http.client.NOT_FOUND, 500}, name


def test_only_what_works_is_named(said: dict[str, Any]) -> None:
    assert said["response_types_supported"] == ["code"]
    assert said["code_challenge_methods_supported"] == ["S256"]
    assert said["id_token_signing_alg_values_supported"] == ["RS256"]
    assert said["grant_types_supported"] == [
        "authorization_code",
        "refresh_token",
        "client_credentials",
        "urn:ietf:params:oauth:grant-type:device_code",
    ]
    assert said["token_endpoint_auth_methods_supported"] == [
        "client_secret_basic",
        "client_secret_post",
        "none",
    ]
    assert "none" not in said["introspection_endpoint_auth_methods_supported"]
    assert said["scopes_supported"] == ["email", "notes:read", "notes:write", "openid", "profile"]
    assert said["prompt_values_supported"] == ["none", "login"]
    assert said["request_uri_parameter_supported"] is False


def test_prompt_none_never_shows_a_page(papers: Papers) -> None:
    query = "response_type=code&client_id=web&redirect_uri=http%3A%2F%2Flocalhost%2Fcb&state=s"
    query += "&scope=openid&prompt=none&code_challenge_method=S256&code_challenge=" + "c" * 43
    location = papers.get(f"/o/authorize/?{query}").headers["Location"]
    assert location.startswith("http://localhost/cb?error=login_required&state=s&iss=http")
    cookie = papers.get("/o/sign-in/?name=alice").headers["Set-Cookie"].partition(";")[0]
    location = papers.get(f"/o/authorize/?{query}", Cookie=cookie).headers["Location"]
    assert location.startswith("http://localhost/cb?code=")


def test_prompt_login_has_whoever_is_signed_in_sign_in_again(papers: Papers) -> None:
    cookie = papers.get("/o/sign-in/?name=alice").headers["Set-Cookie"].partition(";")[0]
    query = "response_type=code&client_id=web&redirect_uri=http%3A%2F%2Flocalhost%2Fcb&scope=openid"
    query += "&code_challenge_method=S256&code_challenge=" + "c" * 43
    asked = papers.get(f"/o/authorize/?{query}&prompt=login", Cookie=cookie)
    assert asked.headers["Location"].startswith("/accounts/login/?next=")
    assert "prompt" not in asked.headers["Location"]
    again = papers.get(f"/o/authorize/?{query}", Cookie=cookie)
    assert "code=" not in again.headers["Location"]
