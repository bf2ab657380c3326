"""A bad access token goes no further than the gateway; a good one is handed on untouched."""

import base64
import hmac
import json
import re
from collections.abc import Callable

import pytest
from joserfc.jwk import RSAKey

from ramet.identity import InvalidToken
from ramet.identity.bearer import of_header
from tests.integration.gateway.harness import Edge


def _part(content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def expired(edge: Edge) -> str:
    return edge.token(lifetime=-60)


def unsigned(edge: Edge) -> str:
    return edge.token().rpartition(".")[0] + "."


def alg_none(edge: Edge) -> str:
    claims = edge.token().split(".")[1]
    return f"{_part({'alg': 'none', 'typ': 'at+jwt', 'kid': edge.key.thumbprint()})}.{claims}."


def signed_with_the_public_key(edge: Edge) -> str:
    """RS256 taken for HS256: the public key, known to everybody, as the secret."""
    header = _part({"alg": "HS256", "typ": "at+jwt", "kid": edge.key.thumbprint()})
    signed = f"{header}.{edge.token().split('.')[1]}"
    mac = hmac.digest(edge.key.as_pem(private=False), signed.encode(), "sha256")
    return f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def foreign_key(edge: Edge) -> str:
    return edge.token(key=RSAKey.generate_key(2048))


def foreign_key_with_our_kid(edge: Edge) -> str:
    header, claims, _ = edge.token().split(".")
    return f"{header}.{claims}." + edge.token(key=RSAKey.generate_key(2048)).split(".")[2]


def changed_claims(edge: Edge) -> str:
    header, claims, signature = edge.token().split(".")
    said = json.loads(base64.urlsafe_b64decode(claims + "=="))
    return f"{header}.{_part({**said, 'scope': 'products:write'})}.{signature}"


def wrong_audience(edge: Edge) -> str:
    return edge.token(audience="another system")


def wrong_issuer(edge: Edge) -> str:
    return edge.token(issuer="http://evil.example/o")


def no_token_at_all(edge: Edge) -> str:
    return "nonsense"


BAD = [
    expired,
    unsigned,
    alg_none,
    signed_with_the_public_key,
    foreign_key,
    foreign_key_with_our_kid,
    changed_claims,
    wrong_audience,
    wrong_issuer,
    no_token_at_all,
]


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.__name__)
def test_a_bad_token_is_refused_with_401(edge: Edge, bad: Callable[[Edge], str]) -> None:
    answer = edge.get("/api/v1/orders/", Authorization=f"Bearer {bad(edge)}")

    assert answer.status == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == 401
    assert answer.headers["www-authenticate"].startswith("Bearer ")
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]
    assert edge.reached() == []


def test_a_good_token_is_handed_on_for_the_service_to_verify(edge: Edge) -> None:
    token = edge.token()
    assert edge.get("/api/v1/orders/", Authorization=f"Bearer {token}").status == 200
    [request] = edge.upstreams["orders"].received
    assert request.headers.get_all("Authorization") == [f"Bearer {token}"]


def test_a_request_without_a_token_passes_for_its_service_to_decide(edge: Edge) -> None:
    assert edge.get("/api/v1/products/").status == 200


def test_bearer_without_a_token_is_refused(edge: Edge) -> None:
    assert edge.get("/api/v1/orders/", Authorization="Bearer x").status == 401
    answer = edge.raw(b"GET /api/v1/orders/ HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer  \r\n\r\n")
    assert re.match(rb"HTTP/1.1 (200|401) ", answer)
    for request in edge.upstreams["orders"].received:
        with pytest.raises(InvalidToken):
            of_header(request.headers["Authorization"])


@pytest.mark.parametrize("header", ["bearer nonsense", "Basic YTpi", "Token x"])
def test_what_the_gateway_does_not_read_is_left_to_the_service(edge: Edge, header: str) -> None:
    assert edge.get("/api/v1/orders/", Authorization=header).status == 200
    [request] = edge.upstreams["orders"].received
    assert request.headers["Authorization"] == header


def test_a_token_in_the_query_is_no_token(edge: Edge) -> None:
    """It would be in every log; here it is neither checked nor turned into a header."""
    assert edge.get("/api/v1/orders/?access_token=nonsense").status == 200
    [request] = edge.upstreams["orders"].received
    assert request.headers["Authorization"] is None


def test_a_cached_token_is_refused_once_it_has_expired(
    edge: Edge, eventually: Callable[..., object]
) -> None:
    # The clock skew of 10 s counts for it, so it starts 8 s before its end.
    token = edge.token(lifetime=-8)
    bearer = f"Bearer {token}"
    assert edge.get("/api/v1/orders/", Authorization=bearer).status == 200
    assert edge.get("/api/v1/orders/", Authorization=bearer).status == 200
    eventually(lambda: edge.get("/api/v1/orders/", Authorization=bearer).status == 401)


def test_the_keys_are_fetched_once_for_many_tokens(edge: Edge) -> None:
    before = edge.fetches
    for _ in range(20):
        assert edge.get("/api/v1/orders/", Authorization=f"Bearer {edge.token()}").status == 200
    assert edge.fetches == before
