"""Which user a subject is, at our own provider and at others."""

from uuid import UUID

import pytest

from ramet.identity.subjects import user_id

ALICE = "6f1d1a9e-5b2c-4c55-9c0e-2f3a4b5c6d7e"
KEYCLOAK = "https://id.example/realms/shop"


@pytest.mark.parametrize("issuer", [None, KEYCLOAK])
def test_a_uuid_is_the_id_itself(issuer: str | None) -> None:
    assert user_id(ALICE, "web", issuer) == UUID(ALICE)
    assert user_id(ALICE.upper(), "web", issuer) == UUID(ALICE)


@pytest.mark.parametrize("subject", ["auth0|65f0", "00u1", "117", f"{{{ALICE}}}", "ä", ALICE[:-1]])
def test_other_subjects_of_a_foreign_issuer_have_an_id_of_their_own(subject: str) -> None:
    found = user_id(subject, "web", KEYCLOAK)
    assert found is not None
    assert found.version == 5
    assert found == user_id(subject, "mobile", KEYCLOAK)
    assert found != user_id(subject, "web", f"{KEYCLOAK}/")
    assert found != user_id(f"{subject} ", "web", KEYCLOAK)
    assert found != UUID(ALICE)


def test_the_id_is_the_same_for_ever() -> None:
    """Rows of other services hold it: another way to make it would part people from their data."""
    assert user_id("auth0|65f0", "web", "https://shop.eu.auth0.com/") == UUID(
        "dc9a4e8c-2c33-5f9b-b60e-8acc3432dc91"
    )


@pytest.mark.parametrize("subject", ["7", "alice", f"{{{ALICE}}}", ALICE.replace("-", "")])
def test_at_home_nothing_is_made_up(subject: str) -> None:
    """The users' own service knows no such id."""
    assert user_id(subject, "web", None) is None


@pytest.mark.parametrize("subject", ["web", "web@clients"])
@pytest.mark.parametrize("issuer", [None, KEYCLOAK])
def test_a_program_that_acts_for_itself_is_nobodys_user(subject: str, issuer: str | None) -> None:
    assert user_id(subject, "web", issuer) is None


def test_a_program_whose_name_is_a_uuid_is_none_either() -> None:
    """Entra's clients are named so."""
    assert user_id(ALICE, ALICE, KEYCLOAK) is None
