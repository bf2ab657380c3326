"""OAUTH2_PROVIDER is safe by default, the project's own values win, and keys are read late."""

from pathlib import Path

import pytest

from ramet.identity import signing
from ramet.identity.provider_settings import oauth2_provider_settings
from ramet.identity.settings import IdentitySettings


def accepted(keys: Path | None, issuer: str = "https://shop.example/o") -> IdentitySettings:
    return IdentitySettings(issuer, "shop", f"{issuer}/.well-known/jwks.json", keys)


def test_no_key_is_made_until_one_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "keys.pem"
    values = oauth2_provider_settings(accepted(path))
    assert values["OIDC_ISS_ENDPOINT"] == "https://shop.example/o"
    assert not path.exists()
    assert values["OIDC_RSA_PRIVATE_KEY"] == signing.load(path)[0]


def test_the_first_key_signs_and_the_others_are_published_too(tmp_path: Path) -> None:
    path = tmp_path / "keys.pem"
    signing.generate(path)
    values = oauth2_provider_settings(accepted(path))
    first, second = signing.load(path)
    assert values["OIDC_RSA_PRIVATE_KEYS_INACTIVE"] == [second]
    assert values["OIDC_RSA_PRIVATE_KEY"] == first


def test_a_process_without_keys_has_none(tmp_path: Path) -> None:
    values = oauth2_provider_settings(accepted(None))
    with pytest.raises(KeyError):
        values["OIDC_RSA_PRIVATE_KEY"]


def test_what_the_project_sets_wins_and_its_scopes_are_added() -> None:
    own = {"SCOPES": {"products:write": "Change products"}, "ACCESS_TOKEN_EXPIRE_SECONDS": 60}
    values = oauth2_provider_settings(accepted(None), own)
    assert values["ACCESS_TOKEN_EXPIRE_SECONDS"] == 60
    assert set(values["SCOPES"]) == {"openid", "profile", "email", "products:write"}
    assert set(values["DEFAULT_SCOPES"]) <= set(values["SCOPES"])


@pytest.mark.parametrize(
    ("issuer", "schemes"),
    [("https://shop.example/o", ["https"]), ("http://localhost:8000/o", ["https", "http"])],
)
def test_plain_redirects_are_allowed_only_to_a_plain_issuer(
    issuer: str, schemes: list[str]
) -> None:
    values = oauth2_provider_settings(accepted(None, issuer))
    assert values["ALLOWED_REDIRECT_URI_SCHEMES"] == schemes
    assert values["COMPLIANT_BCP_RFC9700_REDIRECT_URI_SCHEME"] is (schemes == ["https"])
