"""A bad access token goes no further than the gateway; a good one is handed on untouched."""

import re
from collections.abc import Callable

import pytest

from ramet.identity import InvalidToken
from ramet.identity.bearer import of_header
from tests.bad_tokens import BAD, PAST_THE_GATEWAY, Forger
from tests.integration.gateway.harness import ISSUER, Edge

AT_THE_GATEWAY = [bad for bad in BAD if bad not in PAST_THE_GATEWAY]


@pytest.mark.parametrize("bad", AT_THE_GATEWAY, ids=lambda bad: bad.__name__)
def test_a_bad_token_is_refused_with_401(edge: Edge, bad: Callable[[Forger], str]) -> None:
    token = bad(Forger(edge.key, ISSUER, "shop"))
    answer = edge.get("/api/v1/orders/", Authorization=f"Bearer {token}")

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


@pytest.mark.parametrize("scheme", ["bearer", "BEARER"])
def test_the_scheme_is_read_in_the_cases_that_clients_write(edge: Edge, scheme: str) -> None:
    assert edge.get("/api/v1/orders/", Authorization=f"{scheme} {edge.token()}").status == 200
    assert edge.get("/api/v1/orders/", Authorization=f"{scheme} nonsense").status == 401
    assert len(edge.reached()) == 1


@pytest.mark.parametrize("before", ["bEaReR ", "Bearer\t", "bearer\t ", "Bearer\xa0"])
def test_a_token_that_only_a_service_would_read_does_not_get_there(edge: Edge, before: str) -> None:
    """It would be good there, and its user limited by no rate here."""
    assert edge.get("/api/v1/orders/", Authorization=f"{before}{edge.token()}").status == 401
    assert edge.reached() == []


def test_a_token_that_the_gateway_overlooks_is_none_for_a_service(edge: Edge) -> None:
    """Envoy takes a no-break space for a letter."""
    assert edge.get("/api/v1/orders/", Authorization=f"\xa0Bearer {edge.token()}").status == 200
    [request] = edge.upstreams["orders"].received
    assert of_header(request.headers["Authorization"]) is None


@pytest.mark.parametrize("header", ["Basic YTpi", "Token x"])
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
