"""A foreign issuer says itself where its keys are, and must speak in its own name."""

from collections.abc import Iterator
from typing import Any

import pytest

from ramet.identity import KeysUnavailable, discovery
from tests.unit.identity.answering import Provider, answering

OPENID = "/.well-known/openid-configuration"
OAUTH = "/.well-known/oauth-authorization-server"


@pytest.fixture
def provider() -> Iterator[Provider]:
    with answering() as running:
        yield running


def document(issuer: str, **changes: Any) -> dict[str, Any]:
    return {"issuer": issuer, "jwks_uri": "https://keys.example/keys", **changes}


def test_the_address_of_the_keys_is_what_the_document_says(provider: Provider) -> None:
    issuer = f"{provider.url}/realms/shop"
    provider.answers[f"/realms/shop{OPENID}"] = document(issuer)
    assert discovery.jwks_url(issuer) == "https://keys.example/keys"


def test_an_issuer_that_ends_with_a_slash_keeps_it(provider: Provider) -> None:
    """Auth0's do; the slash is part of the name, and not of the document's address."""
    issuer = f"{provider.url}/"
    provider.answers[OPENID] = document(issuer)
    assert discovery.jwks_url(issuer)
    assert provider.asked == [OPENID]
    with pytest.raises(KeysUnavailable, match=r"is of the issuer 'http.*/', which is not exactly"):
        discovery.jwks_url(provider.url)


def test_a_server_that_does_not_speak_openid_is_asked_as_rfc_8414_says(provider: Provider) -> None:
    issuer = f"{provider.url}/tenant"
    provider.answers[f"{OAUTH}/tenant"] = document(issuer)
    assert discovery.jwks_url(issuer)
    assert provider.asked == [f"/tenant{OPENID}", f"{OAUTH}/tenant"]


def test_a_document_of_another_issuer_is_not_believed(provider: Provider) -> None:
    provider.answers[OPENID] = document("https://evil.example")
    with pytest.raises(KeysUnavailable) as caught:
        discovery.jwks_url(provider.url)
    assert "https://evil.example" in str(caught.value)
    assert "[gateway] issuer" in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"issuer": None}, "is of the issuer None"),
        ({"jwks_uri": None}, "names no jwks_uri"),
        ({"jwks_uri": "http://keys.example/"}, "which is not https"),
        ({"jwks_uri": "file:///etc/passwd"}, "which is no URL"),
        ({"jwks_uri": "unix:/run/x.sock/keys"}, "which is no URL"),
        ({"jwks_uri": "https://me@keys.example/"}, "which names a user"),
        ({"jwks_uri": "https://keys.example:0/"}, "which is no URL"),
        ({"jwks_uri": "https://keys.example/\r\nX: 1"}, "which is no URL"),
    ],
)
def test_a_document_that_leads_astray_is_not_followed(
    provider: Provider, changes: dict[str, Any], said: str
) -> None:
    provider.answers[OPENID] = {**document(provider.url), **changes}
    with pytest.raises(KeysUnavailable, match=said):
        discovery.jwks_url(provider.url)


def test_an_issuer_without_any_document_is_told_with_both_addresses(provider: Provider) -> None:
    with pytest.raises(KeysUnavailable) as caught:
        discovery.jwks_url(provider.url)
    assert OPENID in str(caught.value)
    assert OAUTH in str(caught.value)


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"7", b"[" * 100_000])
def test_garbage_is_no_document(provider: Provider, body: bytes) -> None:
    provider.answers[OPENID] = body
    with pytest.raises(KeysUnavailable, match=r"not JSON|no discovery document"):
        discovery.jwks_url(provider.url)
