"""verify() believes a token only when every rule holds."""

import base64
import hmac
import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from ramet.identity import Claims, InvalidToken, jwks, signing, tokens, verify
from ramet.identity.settings import IdentitySettings, configure
from ramet.tools.gateway import limits
from tests.bad_tokens import BAD, Forger
from tests.unit.identity.conftest import ALICE, ISSUER

Make = Callable[..., str]


@pytest.fixture
def signed(token: Make, key_file: Path) -> Callable[[dict[str, Any], dict[str, Any]], str]:
    """Sign any header and claims with the right key; None takes a field away."""
    key = RSAKey.import_key(signing.load(key_file)[0])

    def make(header: dict[str, Any], claims: dict[str, Any]) -> str:
        now = int(time.time())
        good_header = {"alg": "RS256", "typ": "at+jwt", "kid": key.thumbprint()}
        good_claims = {
            "iss": ISSUER, "aud": "shop", "sub": ALICE, "client_id": "storefront",
            "exp": now + 60, "iat": now, "scope": "openid",
        }  # fmt: skip
        merged_header = {k: v for k, v in {**good_header, **header}.items() if v is not None}
        merged = {k: v for k, v in {**good_claims, **claims}.items() if v is not None}
        return jwt.encode(merged_header, merged, key, algorithms=["RS256"], default_type=None)

    return make


def reason(token: str) -> str:
    with pytest.raises(InvalidToken) as caught:
        verify(token)
    return caught.value.reason


def part(content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def test_a_good_token_gives_its_claims(token: Make) -> None:
    text = token(scopes=["products:write", "openid"])
    claims = verify(text)
    assert claims.subject == ALICE
    assert claims.username == "alice"
    assert claims.client_id == "storefront"
    assert claims.scopes == {"openid", "products:write"}
    assert 290 < claims.expires_at.timestamp() - time.time() <= 300
    assert claims.token == text


def test_the_token_is_not_in_the_representation_of_its_claims(token: Make) -> None:
    text = token()
    assert text not in repr(verify(text))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"lifetime": -11}, "the token has expired"),
        ({"issuer": f"{ISSUER}/"}, "the token comes from another issuer"),
        ({"audience": "Shop"}, "the token is meant for another audience"),
        ({"subject": ""}, "the token lacks sub"),
        ({"client_id": ""}, "the token lacks client_id"),
    ],
)
def test_a_token_with_a_wrong_claim_is_refused(
    token: Make, changes: dict[str, Any], said: str
) -> None:
    assert reason(token(**changes)) == said


@pytest.mark.parametrize(
    ("header", "claims", "said"),
    [
        ({"typ": "JWT"}, {}, "the token is not an access token (its typ is not at+jwt)"),
        ({"typ": None}, {}, "the token is not an access token (its typ is not at+jwt)"),
        ({"kid": None}, {}, "the token does not name its key (kid)"),
        ({"kid": "other"}, {}, "the token is signed with a key that the issuer does not publish"),
        ({}, {"exp": None}, "the token's exp is not a time in seconds"),
        ({}, {"exp": True}, "the token's exp is not a time in seconds"),
        ({}, {"exp": "9999999999"}, "the token's exp is not a time in seconds"),
        ({}, {"exp": 1e300}, "the token's exp is not a time in seconds"),
        ({}, {"nbf": 9_999_999_999}, "the token is not valid yet"),
        ({}, {"aud": ["other"]}, "the token is meant for another audience"),
        ({}, {"aud": None}, "the token is meant for another audience"),
        ({}, {"aud": {"shop": 1}}, "the token is meant for another audience"),
        ({}, {"sub": 7}, "the token lacks sub"),
        ({}, {"scope": ["a", 1]}, "the token's scope is not text"),
        ({}, {"scope": 1}, "the token's scope is not text"),
        ({}, {"preferred_username": ["a"]}, "the token's preferred_username is not text"),
    ],
)
def test_a_genuine_token_of_the_wrong_shape_is_refused(
    signed: Callable[..., str], header: dict[str, Any], claims: dict[str, Any], said: str
) -> None:
    assert reason(signed(header, claims)) == said


@pytest.mark.parametrize("typ", ["at+jwt", "AT+JWT", "application/at+jwt"])
def test_each_spelling_of_the_type_is_accepted(signed: Callable[..., str], typ: str) -> None:
    assert verify(signed({"typ": typ}, {"aud": ["other", "shop"]})).subject == ALICE


@pytest.fixture
def foreign(accepted: IdentitySettings) -> IdentitySettings:
    """The same issuer, as if it were no service of the system: its tokens are typed JWT."""
    settings = replace(accepted, token_types=frozenset({"JWT"}), is_foreign=True)
    configure(settings)
    return settings


@pytest.mark.parametrize("typ", ["JWT", "jwt", "application/jwt", None])
@pytest.mark.parametrize(
    ("claims", "scopes", "client"),
    [
        ({"azp": "web", "scope": "openid orders", "typ": "Bearer"}, {"openid", "orders"}, "web"),
        ({"azp": "web", "scp": "orders", "scope": None}, {"orders"}, "web"),
        ({"cid": "0oa1", "scp": ["orders"], "scope": None}, {"orders"}, "0oa1"),
    ],
    ids=["Keycloak, Auth0", "Entra", "Okta"],
)  # fmt: skip
def test_tokens_of_other_providers_are_read(
    signed: Callable[..., str],
    foreign: IdentitySettings,
    typ: str | None,
    claims: dict[str, Any],
    scopes: set[str],
    client: str,
) -> None:
    found = verify(signed({"typ": typ}, {"client_id": None, **claims}))
    assert (found.scopes, found.client_id) == (scopes, client)


@pytest.mark.parametrize(
    "claims",
    [
        {"scope": None},
        {"nonce": "n"},
        {"at_hash": "h"},
        {"typ": "ID"},
        {"typ": "Refresh"},
        {"azp": "shop"},
        {"client_id": "shop"},
    ],
)
def test_where_jwt_is_accepted_an_id_token_is_told_by_its_claims(
    signed: Callable[..., str], foreign: IdentitySettings, claims: dict[str, Any]
) -> None:
    assert (
        reason(signed({"typ": "JWT"}, claims)) == "the token is not an access token (by its claims)"
    )


def test_only_the_types_that_were_chosen_are_accepted(
    signed: Callable[..., str], foreign: IdentitySettings
) -> None:
    assert "its typ is not JWT" in reason(signed({}, {}))
    assert "its typ is not JWT" in reason(signed({"typ": "logout+jwt"}, {}))
    configure(replace(foreign, token_types=frozenset({"JWT", "at+jwt"})))
    assert verify(signed({}, {}))
    assert verify(signed({"typ": "JWT"}, {}))


@pytest.mark.parametrize("algorithm", ["ES256", "PS256"])
def test_another_algorithm_can_be_pinned_and_then_no_other_is_taken(
    token: Make, accepted: IdentitySettings, monkeypatch: pytest.MonkeyPatch, algorithm: str
) -> None:
    configure(replace(accepted, signing_keys=None, algorithm=algorithm))
    key = ECKey.generate_key("P-256") if algorithm == "ES256" else RSAKey.generate_key(2048)
    monkeypatch.setattr(jwks, "fetch", lambda *_: {"k": key})
    claims = {"iss": ISSUER, "aud": "shop", "sub": "s", "client_id": "c", "exp": time.time() + 60}
    header = {"alg": algorithm, "typ": "at+jwt", "kid": "k"}
    assert verify(jwt.encode(header, claims, key, algorithms=[algorithm])).subject == "s"
    assert reason(token()) == f"the token is not signed with {algorithm}"
    if algorithm == "PS256":
        same_key = jwt.encode({**header, "alg": "RS256"}, claims, key, algorithms=["RS256"])
        assert reason(same_key) == "the token is not signed with PS256"


def test_the_skew_ends_with_a_whole_second(
    signed: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Envoy counts; tests/integration/gateway/test_token_times.py compares the two."""
    now = int(time.time())
    expires, begins = signed({}, {"exp": now}), signed({}, {"nbf": now + 20})
    for moment, is_good in [(10.0, True), (10.99, True), (11.0, False)]:
        monkeypatch.setattr(tokens.time, "time", lambda moment=moment: now + moment)
        tokens.forget()
        assert _is_believed(expires) is is_good
    for moment, is_good in [(9.99, False), (10.0, True)]:
        monkeypatch.setattr(tokens.time, "time", lambda moment=moment: now + moment)
        assert _is_believed(begins) is is_good


def _is_believed(token: str) -> bool:
    try:
        verify(token)
    except InvalidToken:
        return False
    return True


def test_json_that_is_nested_deeply_is_no_crash(token: Make) -> None:
    """8 KiB are room for more levels than Python's reader has."""
    deep = base64.urlsafe_b64encode(b'{"a":' + b"[" * 6000).rstrip(b"=").decode()
    _, claims, signature = token().split(".")
    assert "not a signed JWT" in reason(f"{deep}.{claims}.{signature}"[: 8 * 1024])


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.__name__)
def test_no_bad_token_is_believed(
    accepted: IdentitySettings, key_file: Path, bad: Callable[[Forger], str]
) -> None:
    forger = Forger(RSAKey.import_key(signing.load(key_file)[0]), ISSUER, "shop")
    assert verify(forger.token())
    assert reason(bad(forger))


def test_an_unsigned_token_is_refused(token: Make) -> None:
    header, claims, _ = token().split(".")
    assert reason(f"{header}.{claims}.") == "the signature of the token is wrong"
    assert reason(f"{header}.{claims}") == "the token is not a signed JWT in compact form"
    for alg in ("none", "None", "NONE", ""):
        none = part({**json.loads(base64.urlsafe_b64decode(header + "==")), "alg": alg})
        assert reason(f"{none}.{claims}.") == "the token is not signed with RS256"


def test_the_public_key_is_no_shared_secret(token: Make, key_file: Path) -> None:
    header, claims, _ = token().split(".")
    symmetric = part({**json.loads(base64.urlsafe_b64decode(header + "==")), "alg": "HS256"})
    public = RSAKey.import_key(signing.load(key_file)[0]).as_pem(private=False)
    mac = hmac.digest(public, f"{symmetric}.{claims}".encode(), "sha256")
    forged = f"{symmetric}.{claims}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"
    assert reason(forged) == "the token is not signed with RS256"


def test_a_foreign_key_is_refused_under_any_name(token: Make) -> None:
    foreign = RSAKey.generate_key(2048).as_pem(private=True).decode()
    other = token(pem=foreign)
    assert "does not publish" in reason(other)
    ours = token().split(".")[0]
    _, claims, signature = other.split(".")
    assert reason(f"{ours}.{claims}.{signature}") == "the signature of the token is wrong"


@pytest.mark.parametrize("junk", ["", ".", "..", "a.b.c", "é.é.é", "a" * 9000, "null.null.null"])
def test_junk_is_refused_without_a_crash(token: Make, junk: str) -> None:
    assert reason(junk)


def test_a_key_inside_the_token_is_not_believed(token: Make, key_file: Path) -> None:
    key = RSAKey.generate_key(2048)
    header = {
        "alg": "RS256", "typ": "at+jwt", "kid": "mine", "jwk": key.as_dict(private=False),
    }  # fmt: skip
    now = int(time.time())
    claims = {"iss": ISSUER, "aud": "shop", "sub": ALICE, "client_id": "x", "exp": now + 60}
    forged = jwt.encode(header, claims, key, algorithms=["RS256"])
    assert reason(forged)


def test_a_critical_extension_that_we_do_not_know_is_refused(signed: Callable[..., str]) -> None:
    text = signed({}, {})
    header, claims, signature = text.split(".")
    said = json.loads(base64.urlsafe_b64decode(header + "=="))
    assert reason(f"{part({**said, 'crit': ['x'], 'x': 1})}.{claims}.{signature}")


def test_a_remembered_token_still_expires(token: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    verify(token())  # fetches the keys, which starts a generation
    text = token()
    first = verify(text)
    assert verify(text) is first
    later = time.time() + 300 + tokens.CLOCK_SKEW_SECONDS + 1
    monkeypatch.setattr(tokens.time, "time", lambda: later)
    assert reason(text) == "the token has expired"


def test_a_remembered_token_is_forgotten_with_its_key(
    token: Make, accepted: IdentitySettings, tmp_path: Path
) -> None:
    text = token()
    verify(text)
    other = tmp_path / "other.pem"
    signing.generate(other)
    configure(IdentitySettings(ISSUER, "shop", accepted.jwks_url, other))
    assert "does not publish" in reason(text)


def test_memory_of_tokens_is_bounded(accepted: IdentitySettings) -> None:
    seen = tokens._Seen()
    claims = Claims("s", frozenset(), "c", "", None, None, "t")  # type: ignore[arg-type]
    for number in range(3000):
        seen.put(str(number), 1, claims)
    assert len(seen._entries) == 1024
    assert seen.get("2999", 1) is claims
    assert seen.get("0", 1) is None


def test_edge_and_service_forgive_the_same_clock_skew() -> None:
    assert limits.CLOCK_SKEW == tokens.CLOCK_SKEW_SECONDS
    assert limits.LONGEST_TOKEN == tokens._LONGEST_TOKEN
