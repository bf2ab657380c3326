"""An operation believes no bad token: what a service forwards is checked like what comes in."""

from collections.abc import Callable

import pytest
from joserfc.jwk import RSAKey

from ramet.identity import signing
from ramet.placement.environment import Environment
from ramet.system import load
from tests.bad_tokens import BAD, Forger
from tests.integration.calls.conftest import PROJECT, Mesh

PICK = "/.ramet/calls/depot.v1.Depot/pick"
PART = b'{"part":{"sku":"A","quantity":1}}'


@pytest.fixture
def forger(mesh: Mesh) -> Forger:
    mesh.start()
    system = load(PROJECT / "ramet.toml")
    key = RSAKey.import_key(signing.load(mesh.keys)[0])
    return Forger(key, Environment.read({}, system).issuer, system.audience)


def test_a_good_token_of_the_same_forge_is_believed(mesh: Mesh, forger: Forger) -> None:
    bearer = f"Bearer {forger.token()}"
    assert mesh.request("depot", "POST", PICK, body=PART, authorization=bearer)[0] == 200


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.__name__)
def test_a_bad_token_is_unauthenticated(
    mesh: Mesh, forger: Forger, bad: Callable[[Forger], str]
) -> None:
    bearer = f"Bearer {bad(forger)}"
    answer = mesh.request("depot", "POST", PICK, body=PART, authorization=bearer)
    assert (answer[0], answer[1]["code"]) == (401, "unauthenticated")
