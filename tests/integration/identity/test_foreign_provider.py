"""Any OpenID provider may be the issuer; here an independent one, found by nothing but its URL."""

from collections.abc import Callable, Iterator

import pytest

from ramet.identity.subjects import user_id
from tests.integration.identity.abroad import (
    Abroad,
    forged,
    need_oidc_provider,
    with_quick_gateway,
)

Eventually = Callable[..., object]


@pytest.fixture(scope="module")
def running() -> Iterator[Abroad]:
    """Provider, service and gateway, all up."""
    need_oidc_provider()
    with pytest.MonkeyPatch.context() as monkeypatch:
        with_quick_gateway(monkeypatch)
        system = Abroad()
        try:
            system.start_provider()
            yield system.start()
        finally:
            system.stop()


@pytest.fixture
def abroad(running: Abroad, eventually: Eventually) -> Abroad:
    """The same, when it has the provider's keys."""
    assert running.provider is not None
    token = running.provider.of_a_program()
    eventually(lambda: running.statuses(token) == (200, 200), within=40, what="keys are known")
    return running


def test_a_program_gets_in_with_client_credentials(abroad: Abroad) -> None:
    assert abroad.provider is not None
    token = abroad.provider.of_a_program("notes:write")
    assert abroad.post("/notes/written/", token=token).json() == {"by": "robot"}
    assert (
        abroad.post("/notes/written/", token=abroad.provider.of_a_program("notes:read")).status
        == 403
    )


def test_a_person_gets_in_by_code_with_pkce_and_is_the_same_user_each_time(abroad: Abroad) -> None:
    assert abroad.provider is not None
    expected = str(user_id("auth0|alice", "web", abroad.issuer))
    for _ in range(2):
        token = abroad.provider.of_alice()["access_token"]
        assert abroad.get("/notes/", token=token).json()["of"] == expected
        assert abroad.directly("notes", "/notes/", token).json()["of"] == expected


def test_its_id_token_is_no_access_token(abroad: Abroad) -> None:
    assert abroad.provider is not None
    assert abroad.statuses(abroad.provider.of_alice()["id_token"]) == (401, 401)


def test_an_unknown_issuer_is_refused(abroad: Abroad) -> None:
    """Nobody asks the issuer that a token names."""
    assert abroad.statuses(forged("http://evil.example")) == (401, 401)


def test_keys_that_the_provider_rotates_are_taken_up_and_withdrawn_ones_let_go(
    abroad: Abroad, eventually: Eventually
) -> None:
    assert abroad.provider is not None
    before = abroad.provider.of_a_program()
    abroad.provider.do("rotate")
    after = abroad.provider.of_a_program()
    eventually(lambda: abroad.statuses(after) == (200, 200), within=40, what="the new key is known")
    eventually(lambda: abroad.statuses(before) == (401, 401), within=40, what="the old one is not")


def test_the_last_good_keys_stay_while_the_provider_talks_nonsense_or_is_gone(
    abroad: Abroad, eventually: Eventually
) -> None:
    assert abroad.provider is not None
    token = abroad.provider.of_a_program()
    abroad.provider.do("garbage")

    def has_been_noticed(why: str) -> bool:
        # An unknown key makes the service ask the provider, at most every ten seconds.
        assert abroad.statuses(token) == (200, 200)
        abroad.directly("notes", "/notes/plain/", forged(abroad.issuer))
        return f"[gateway] issuer could not be fetched: {why}" in abroad.log

    eventually(
        lambda: has_been_noticed(f"{abroad.issuer}/jwks answered something that is not JSON"),
        within=40,
    )
    assert abroad.statuses(token) == (200, 200)
    abroad.stop_provider()
    eventually(
        lambda: has_been_noticed(
            f"{abroad.issuer}/.well-known/openid-configuration: [Errno 111] Connection refused"
        ),
        within=40,
    )
    assert abroad.statuses(token) == (200, 200)
    answer = abroad.directly("notes", "/notes/plain/", forged(abroad.issuer))
    assert answer.status == 503  # a key that came meanwhile would look the same


def test_a_system_that_starts_without_its_provider_says_so_and_waits(
    eventually: Eventually, monkeypatch: pytest.MonkeyPatch
) -> None:
    need_oidc_provider()
    with_quick_gateway(monkeypatch)
    abroad = Abroad()
    try:
        abroad.start()
        token = forged(abroad.issuer)
        eventually(lambda: abroad.statuses(token) == (503, 503), within=20)
        through, directly = (
            abroad.get("/notes/", token=token),
            abroad.directly("notes", "/notes/", token),
        )
        for answer in (through, directly):
            assert answer.headers["Retry-After"] == "1"
        assert "the keys of [gateway] issuer could not be fetched" in abroad.log
        [told] = abroad.reports
        assert "[gateway] issuer cannot be asked where its keys are" in told
        assert "Connection refused" in told

        # One that takes itself for another is no better than none.
        abroad.start_provider(says=f"http://127.0.0.1:{abroad.provider_port}")
        abroad.configure()
        assert "which is not exactly" in abroad.reports[-1]
        eventually(lambda: "which is not exactly" in _asked(abroad, token), within=20)
        assert abroad.statuses(token) == (503, 503)
        abroad.stop_provider()

        provider = abroad.start_provider()
        abroad.configure()
        good = provider.of_a_program()
        eventually(lambda: abroad.statuses(good) == (200, 200), within=40)
        assert "answers now" in abroad.reports[-1]
        assert abroad.statuses(token) == (401, 401)
    finally:
        abroad.stop()


def _asked(abroad: Abroad, token: str) -> str:
    abroad.directly("notes", "/notes/plain/", token)
    return abroad.log


def test_a_provider_that_writes_tokens_in_its_own_way_is_understood_when_that_is_declared(
    eventually: Eventually,
) -> None:
    """ES256, no at+jwt, `azp` and `scp`: as Keycloak, Entra and Okta."""
    need_oidc_provider()
    abroad = Abroad('token_types = ["JWT"]\ntoken_algorithm = "ES256"')
    try:
        provider = abroad.start_provider(None, "dialect")
        abroad.start()
        token = provider.of_a_program()
        eventually(lambda: abroad.statuses(token) == (200, 200), within=40, what="keys are known")
        assert abroad.post("/notes/written/", token=token).json() == {"by": "robot"}
        alice = provider.of_alice()
        assert abroad.get("/notes/", token=alice["access_token"]).status == 200
        assert abroad.statuses(alice["id_token"]) == (401, 401)
    finally:
        abroad.stop()
