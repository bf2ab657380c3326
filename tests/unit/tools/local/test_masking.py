"""An environment is shown without its secrets, however they are named and wherever they stand."""

from pathlib import Path

import pytest

from ramet.tools.local.masking import MASK, masked, secrets_in

MADE = "kq8-Zt3vLw0XcR"


def shown(name: str, value: str) -> str:
    [found] = masked({name: value}, {MADE})
    assert found["is_masked"] is (found["value"] != value)
    return str(found["value"])


@pytest.mark.parametrize(
    "name",
    [
        *("RAMET_SECRET_KEY", "RAMET_DEMO_PASSWORD", "STRIPE_API_KEY", "AWS_ACCESS_KEY_ID"),
        *("DJANGO_SIGNING_KEY", "PGPASSWORD", "GITHUB_TOKEN", "SENTRY_DSN", "SESSION_COOKIE"),
        *("BASIC_AUTH", "HASH_SALT", "SIM_PIN", "smtp_pass", "APIKEY"),
    ],
)
def test_a_telltale_name_hides_its_value(name: str) -> None:
    assert shown(name, "word") == MASK


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (f"postgresql://orders:{MADE}@/shop", f"postgresql://orders:{MASK}@/shop"),
        ("amqp://guest:gue@st@host/v", f"amqp://guest:{MASK}@host/v"),
        ("redis://:word@host:6379/0", f"redis://:{MASK}@host:6379/0"),
        ("postgresql:///x?user=a&password=word", f"postgresql:///x?user=a&password={MASK}"),
        (f"--with={MADE}", f"--with={MASK}"),
        ("host=db password=word user=a", f"host=db password={MASK} user=a"),
        ("password=word", f"password={MASK}"),
        ("-Dstore.keyStorePassword=word -Dx=y", f"-Dstore.keyStorePassword={MASK} -Dx=y"),
        ('{"api_key": "word", "a": 1}', f'{{"api_key": "{MASK}", "a": 1}}'),
        ("user=a,password=word,db=b", f"user=a,password={MASK},db=b"),
        ("sk_live_abcdefghijkl", MASK),
        ("-----BEGIN PRIVATE KEY-----\nMIIE", MASK),
        ("Zm9v4KqX9wLmN2pR7sTvY1", MASK),
    ],
)
def test_a_secret_is_hidden_within_a_value(value: str, expected: str) -> None:
    assert shown("PLAIN", value) == expected


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("RAMET_SERVICES", "orders,payments"),
        ("RAMET_TOML", "/srv/shop/ramet.toml"),
        ("RAMET_MESH_URL", "unix:/tmp/ramet-0123456789/{caller}.out.sock"),
        ("RAMET_PUBLIC_URL", "http://localhost:8000"),
        ("KEYBOARD", "de"),
        ("PATH", "/usr/local/bin:/usr/bin"),
        ("PATHS", "/opt/keys:/opt/pass:/opt/token"),
        ("EMPTY_TOKEN", ""),
    ],
)
def test_what_is_no_secret_is_shown(name: str, value: str) -> None:
    assert shown(name, value) == value


def test_the_systems_own_secrets_are_those_in_its_folder(tmp_path: Path) -> None:
    (tmp_path / "demo-password").write_text(f"{MADE}\n")
    (tmp_path / "empty").write_text("")
    (tmp_path / "certificates").mkdir()
    assert secrets_in(tmp_path) == {MADE}
