"""`ramet up` with an issuer outside: found when it answers; until then nobody is let through."""

import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
from joserfc.jwk import RSAKey

from ramet.identity import issuing
from tests.unit.identity.answering import Provider, answering

from .conftest import Pair, wait_for

pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def provider() -> Iterator[Provider]:
    with answering() as running:
        yield running


def test_an_issuer_that_answers_late_is_waited_for_without_a_restart(
    pair: Pair, provider: Provider
) -> None:
    pair.write(
        "ramet.toml", (pair.root / "ramet.toml").read_text() + f'issuer = "{provider.url}"\n'
    )
    key = RSAKey.generate_key(2048)
    token = issuing.issue(
        key.as_pem(private=True).decode(),
        issuer=provider.url,
        audience="pair",
        subject="somebody",
        client_id="a client",
    )

    def status() -> int:
        bearer = {"Authorization": f"Bearer {token}"}
        request = urllib.request.Request(f"http://127.0.0.1:{pair.port}/left/", headers=bearer)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code

    pair.up("--as", "monolith")
    assert pair.get("/left/")[0] == 200, "who shows no token is let through"
    assert status() == 503
    wait_for(lambda: "[gateway] issuer cannot be asked where its keys are" in pair.said(), "told")

    public = {**key.as_dict(private=False), "kid": key.thumbprint()}
    provider.answers["/elsewhere/keys"] = {"keys": [public]}
    provider.answers["/.well-known/openid-configuration"] = {
        "issuer": provider.url,
        "jwks_uri": f"{provider.url}/elsewhere/keys",
    }
    wait_for(lambda: status() == 200, "the keys are known")
    assert f"[gateway] issuer {provider.url} answers now" in pair.said()
    assert (pair.folder.path / "issuer.json").exists()
