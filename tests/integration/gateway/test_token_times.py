"""A token begins and ends in the same second at the edge and behind it."""

import time
from collections.abc import Iterator

import pytest
from joserfc import jwt

from ramet.identity import InvalidToken, jwks, tokens, verify
from ramet.identity.settings import IdentitySettings, configure
from tests.integration.gateway.harness import ALICE, ISSUER, Edge

SKEW = tokens.CLOCK_SKEW_SECONDS


@pytest.fixture
def both(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> Iterator[Edge]:
    """This process is a service behind the gateway, with the same keys."""
    configure(IdentitySettings(ISSUER, "shop", "http://nowhere.example/"))
    monkeypatch.setattr(jwks, "fetch", lambda *_: {edge.key.thumbprint(): edge.key})
    yield edge
    configure(None)


def signed(edge: Edge, **times: float) -> str:
    claims = {"iss": ISSUER, "aud": "shop", "sub": ALICE, "client_id": "c", "scope": "", **times}
    header = {"alg": "RS256", "typ": "at+jwt", "kid": edge.key.thumbprint()}
    return jwt.encode(header, claims, edge.key, algorithms=["RS256"])


def at_the_edge(edge: Edge, token: str) -> bool:
    return edge.get("/api/v1/orders/", Authorization=f"Bearer {token}").status == 200


def behind_it(token: str) -> bool:
    try:
        verify(token)
    except InvalidToken:
        return False
    return True


# The clocks cannot be held, so the token's time walks over the boundary instead of the clock.
@pytest.mark.parametrize("claim", ["exp", "nbf"])
@pytest.mark.parametrize("fraction", [0, 0.9])
@pytest.mark.parametrize("seen_before", [False, True])
@pytest.mark.parametrize("off", [-2, -1, 0, 1, 2])
def test_both_agree_on_every_second_around_the_boundary(
    both: Edge, claim: str, fraction: float, seen_before: bool, off: int
) -> None:
    for _ in range(20):
        second = int(time.time())
        if claim == "exp":
            token = signed(both, exp=second - SKEW + off + fraction)
            expected = off >= 0
        else:
            token = signed(both, exp=second + 60, nbf=second + SKEW + off + fraction)
            expected = off <= 0
        if seen_before:  # both remember tokens
            at_the_edge(both, token), behind_it(token)
        found = at_the_edge(both, token), behind_it(token)
        if int(time.time()) == second:
            assert found == (expected, expected)
            return
    pytest.fail("no twenty requests were ever within one second")
