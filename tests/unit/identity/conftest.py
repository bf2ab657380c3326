"""An issuer for the tests: its keys in a file, and tokens with any claim changed."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ramet.identity import issuing, signing
from ramet.identity.context import clear
from ramet.identity.settings import IdentitySettings, configure

ISSUER = "http://localhost:8000/o"
ALICE = "6f1d1a9e-5b2c-4c55-9c0e-2f3a4b5c6d7e"


@pytest.fixture(scope="session")
def key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A signing-key file with one key."""
    path = tmp_path_factory.mktemp("keys") / "secrets" / "signing-keys.pem"
    signing.generate(path)
    return path


@pytest.fixture
def accepted(key_file: Path) -> Iterator[IdentitySettings]:
    """This process accepts tokens of the key file, and nobody is bound as the caller."""
    settings = IdentitySettings(ISSUER, "shop", "unix:/nowhere.sock/jwks.json", key_file)
    configure(settings)
    yield settings
    configure(None)
    clear()


@pytest.fixture
def token(accepted: IdentitySettings, key_file: Path) -> Callable[..., str]:
    """Make a token that is good unless an argument says otherwise."""
    pem = signing.load(key_file)[0]

    def make(**changes: Any) -> str:
        wanted: dict[str, Any] = {
            "issuer": ISSUER,
            "audience": "shop",
            "subject": ALICE,
            "client_id": "storefront",
            "username": "alice",
            "scopes": ["openid"],
        }
        return issuing.issue(changes.pop("pem", pem), **{**wanted, **changes})

    return make
