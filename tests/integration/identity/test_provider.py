"""The OpenID provider as it is configured: what it grants, what it refuses, what it stores."""

import base64
import json
import sqlite3
from typing import Any

import pytest

from ramet.identity import signing
from tests.integration.identity.papers import Papers


def parts(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    header, claims, _ = token.split(".")
    return (
        json.loads(base64.urlsafe_b64decode(header + "==")),
        json.loads(base64.urlsafe_b64decode(claims + "==")),
    )


def sql(papers: Papers, statement: str) -> list[tuple[Any, ...]]:
    with sqlite3.connect(papers.folder / "accounts.sqlite3", timeout=10) as connection:
        return connection.execute(statement).fetchall()


def test_signing_in_gives_a_short_rfc_9068_token(papers: Papers) -> None:
    granted = papers.sign_in("alice")
    header, claims = parts(granted["access_token"])
    kid, _next = signing.public_keys(papers.keys)
    assert header == {"alg": "RS256", "typ": "at+jwt", "kid": kid}
    assert claims["iss"] == papers.issuer
    assert claims["aud"] == "papers"
    assert claims["client_id"] == "web"
    assert claims["preferred_username"] == "alice"
    assert claims["exp"] - claims["iat"] == granted["expires_in"] == 300
    assert claims["jti"]
    _, identity = parts(granted["id_token"])
    assert identity["sub"] == claims["sub"]
    assert identity["name"] == "Alice Ant"
    assert "email" not in identity


def test_the_token_is_believed_by_the_other_service(papers: Papers) -> None:
    token = papers.sign_in("alice")["access_token"]
    _, claims = parts(token)
    assert papers.get("/notes/", token=token).json() == {"of": claims["sub"], "name": "alice"}
    assert papers.directly("notes", "/notes/", token).status == 200
    assert papers.get("/notes/plain/", token=token).json() == {"name": "alice", "bound": "alice"}


def test_a_token_at_the_providers_pages_signs_nobody_in(papers: Papers) -> None:
    """They save whose consent it was, so they need a session's user, a row of the table."""
    token = papers.sign_in("alice")["access_token"]
    query = "response_type=code&client_id=web&redirect_uri=http%3A%2F%2Flocalhost%2Fcb&scope=openid"
    query += "&code_challenge_method=S256&code_challenge=" + "c" * 43
    answer = papers.get(f"/o/authorize/?{query}", token=token)
    assert answer.status == 302
    assert "code=" not in answer.headers["Location"]
    cookie = papers.get("/o/sign-in/?name=alice").headers["Set-Cookie"].partition(";")[0]
    answer = papers.get(f"/o/authorize/?{query}", token=token, Cookie=cookie)
    assert answer.status == 302
    assert answer.headers["Location"].startswith("http://localhost/cb?code=")


def test_a_scope_is_granted_to_members_of_its_group_only(papers: Papers) -> None:
    hers = papers.sign_in("wendy")
    assert hers["scope"] == "openid profile notes:write"
    assert papers.post("/notes/written/", token=hers["access_token"]).status == 201

    his = papers.sign_in("alice")
    assert his["scope"] == "openid profile"
    refused = papers.post("/notes/written/", token=his["access_token"])
    assert refused.status == 403
    assert refused.headers["Content-Type"] == "application/problem+json"


def test_who_leaves_the_group_loses_the_scope_at_the_next_refresh(papers: Papers) -> None:
    granted = papers.sign_in("walter")
    assert "notes:write" in granted["scope"]
    sql(
        papers,
        "DELETE FROM accounts_user_groups WHERE user_id = "
        "(SELECT id FROM accounts_user WHERE username = 'walter')",
    )
    renewed = papers.refresh(granted["refresh_token"]).json()
    assert renewed["scope"] == "openid profile"
    assert parts(renewed["access_token"])[1]["scope"] == "openid profile"


def test_who_was_deactivated_gets_no_new_tokens(papers: Papers) -> None:
    granted = papers.sign_in("dora")
    sql(papers, "UPDATE accounts_user SET is_active = 0 WHERE username = 'dora'")
    answer = papers.refresh(granted["refresh_token"])
    assert answer.status == 400
    assert answer.json()["error"] == "invalid_grant"


def test_a_refresh_token_is_no_access_token_and_works_once(papers: Papers) -> None:
    first = papers.sign_in("alice")
    assert "." not in first["refresh_token"]
    assert papers.get("/notes/", token=first["refresh_token"]).status == 401
    second = papers.refresh(first["refresh_token"])
    assert second.status == 200
    assert second.json()["refresh_token"] != first["refresh_token"]


def test_a_refresh_token_that_comes_back_ends_the_whole_family(papers: Papers) -> None:
    """Either the thief or the owner uses it the second time; nobody knows who (RFC 9700, 4.14)."""
    first = papers.sign_in("alice")
    second = papers.refresh(first["refresh_token"]).json()
    assert papers.refresh(first["refresh_token"]).status == 400
    assert papers.refresh(second["refresh_token"]).status == 400


@pytest.mark.parametrize(
    "changes",
    [
        {"code_challenge": None},
        {"code_challenge": "a" * 43, "code_challenge_method": "plain"},
        {"code_challenge": "a" * 43, "response_type": "token"},
        {"code_challenge": "a" * 43, "response_type": "id_token token", "nonce": "n"},
        {"code_challenge": "a" * 43, "redirect_uri": "http://localhost/cb/../evil"},
        {"code_challenge": "a" * 43, "redirect_uri": "http://evil.example/cb"},
        {"code_challenge": "a" * 43, "scope": "openid everything"},
    ],
)
def test_weak_or_foreign_authorization_requests_give_no_code(
    papers: Papers, changes: dict[str, str | None]
) -> None:
    said = papers.authorize("alice", **changes)
    assert "code" not in said
    assert "access_token" not in said
    assert said["status"] == "400" or "error" in said


def test_the_answer_names_its_issuer(papers: Papers) -> None:
    """RFC 9207, against mixing up providers."""
    said = papers.authorize("alice", code_challenge="a" * 43)
    assert said["iss"] == papers.issuer


def test_a_password_buys_no_token(papers: Papers) -> None:
    form = {"grant_type": "password", "username": "alice", "password": "x", "client_id": "web"}
    assert papers.post("/o/token/", form).status in (400, 401)


def test_a_program_acts_for_itself_within_its_owners_scopes(papers: Papers) -> None:
    form = {"grant_type": "client_credentials", "client_secret": "secret", "scope": "notes:write"}
    free = papers.post("/o/token/", {**form, "client_id": "program"}).json()
    assert free["scope"] == "notes:write"
    assert parts(free["access_token"])[1]["sub"] == "program"
    assert papers.post("/notes/written/", token=free["access_token"]).json()["by"] == "program"

    bound = papers.post("/o/token/", {**form, "client_id": "program-of-alice"}).json()
    assert bound["scope"] == ""
    assert papers.post("/notes/written/", token=bound["access_token"]).status == 403


def test_the_issuer_is_pinned_whatever_host_is_asked(papers: Papers) -> None:
    answer = papers.get("/o/.well-known/openid-configuration", Host="127.0.0.1")
    said = answer.json()
    assert said["issuer"] == papers.issuer
    assert said["jwks_uri"] == f"{papers.issuer}/.well-known/jwks.json"
    assert said["response_types_supported"] == ["code"]
    assert said["code_challenge_methods_supported"] == ["S256"]
    assert said["id_token_signing_alg_values_supported"][0] == "RS256"
    assert said["authorization_response_iss_parameter_supported"] is True


def test_the_published_keys_are_public(papers: Papers) -> None:
    keys = papers.get("/o/.well-known/jwks.json").json()["keys"]
    assert [key["kid"] for key in keys] == [*signing.public_keys(papers.keys)]
    assert all(key.keys() == {"kty", "n", "e", "kid", "alg", "use"} for key in keys)


def test_no_token_is_stored_in_plain_text(papers: Papers) -> None:
    granted = papers.sign_in("alice")
    for table in ("accesstoken", "refreshtoken"):
        rows = sql(papers, f"SELECT token, token_checksum FROM oauth2_provider_{table}")
        assert rows
        assert {token for token, _ in rows} == {""}
    everything = str(sql(papers, "SELECT * FROM oauth2_provider_refreshtoken"))
    assert granted["refresh_token"] not in everything


def test_the_toolkits_own_check_finds_only_that_this_is_plain_http(papers: Papers) -> None:
    said = papers.manage("check", "--deploy", "--fail-level=ERROR")
    assert "oauth2_provider.E" not in said
