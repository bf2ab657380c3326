"""Every service verifies for itself: past the gateway too, it refuses what the gateway refuses."""

from typing import Any

import pytest
from joserfc.jwk import RSAKey

from ramet.identity import issuing, signing
from tests.integration.identity.papers import Papers

SUBJECT = "6f1d1a9e-5b2c-4c55-9c0e-2f3a4b5c6d7e"


def token(papers: Papers, **changes: Any) -> str:
    wanted: dict[str, Any] = {
        "issuer": papers.issuer, "audience": "papers", "subject": SUBJECT, "client_id": "web",
    }  # fmt: skip
    pem = changes.pop("pem", None) or signing.load(papers.keys)[0]
    return issuing.issue(pem, **{**wanted, **changes})


def foreign() -> str:
    return RSAKey.generate_key(2048).as_pem(private=True).decode()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"lifetime": -60}, "the token has expired"),
        ({"audience": "shop"}, "the token is meant for another audience"),
        ({"issuer": "http://evil.example/o"}, "the token comes from another issuer"),
        ({"pem": foreign()}, "the token is signed with a key that the issuer does not publish"),
    ],
)
@pytest.mark.parametrize("path", ["/notes/", "/notes/plain/"])
def test_a_bad_token_is_refused_by_the_service_itself(
    papers: Papers, path: str, changes: dict[str, Any], said: str
) -> None:
    bad = token(papers, **changes)
    answer = papers.directly("notes", path, bad)
    assert answer.status == 401
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["WWW-Authenticate"].startswith('Bearer error="invalid_token"')
    assert answer.json()["detail"] == f"The access token was not accepted: {said}."
    assert papers.get(path, token=bad).status == 401


def test_unsigned_tokens_are_refused_by_the_service_itself(papers: Papers) -> None:
    header, claims, _ = token(papers).split(".")
    none = "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0"  # {"alg":"none","typ":"at+jwt"}
    for bad in (f"{header}.{claims}.", f"{none}.{claims}."):
        assert papers.directly("notes", "/notes/", bad).status == 401


def test_an_id_token_is_no_access_token(papers: Papers) -> None:
    """Envoy does not look at `typ`; the audience and the service do."""
    id_token = papers.sign_in("alice")["id_token"]
    assert papers.get("/notes/", token=id_token).status == 401
    assert papers.directly("notes", "/notes/", id_token).status == 401


def test_the_command_prints_a_token_that_is_believed(papers: Papers) -> None:
    printed = papers.manage("ramet_token", "wendy", "--scope", "notes:write")
    assert papers.post("/notes/written/", token=printed).json() == {"by": "wendy"}


@pytest.mark.parametrize(
    ("arguments", "service", "said"),
    [
        (["alice", "--scope", "notes:write"], "accounts", "alice may not have notes:write"),
        (["nobody"], "accounts", "There is no user named 'nobody'."),
        (["alice", "--lifetime", "0"], "accounts", "--lifetime must be from 1 to 3600 seconds."),
        (["alice"], "notes", "Run it for the service 'accounts'"),
    ],
)
def test_the_command_says_why_it_gives_no_token(
    papers: Papers, arguments: list[str], service: str, said: str
) -> None:
    with pytest.raises(RuntimeError) as caught:
        papers.manage("ramet_token", *arguments, service=service)
    assert said in str(caught.value)
    assert "Traceback" not in str(caught.value)
