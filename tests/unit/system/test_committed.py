"""A secret in a file that git would take is found; nothing of this repository is taken for one."""

import base64
import secrets
import subprocess
from pathlib import Path

import pytest

from ramet.likely_secrets import has_named_secret, has_random
from ramet.system.committed import committed_secrets
from ramet.system.detecting import looks_secret

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    (tmp_path / "ramet.toml").write_text("")
    return tmp_path


def found(root: Path) -> list[str]:
    return [mistake.where for mistake in committed_secrets(root)]


# Put together here: a scanner of this repository must not find them either.
KEYS = {
    "Stripe": "sk_" + "live_" + "4eC39HqLyjWDarjtT1zdp7dc",
    "GitHub": "ghp_" + "a" * 36,
    "AWS": "AKIA" + "IOSFODNN7EXAMPLE",
    "a JSON web token": "eyJhbGciOiJSUzI1NiJ9." + "eyJzdWIiOiI3In0.c2ln",
    "a private key": "-----BEGIN EC " + "PRIVATE KEY-----",
    "a URL": "postgresql://shop:" + "hunter2@db/shop",
    "an argon2 hash": "argon2$argon2id" + "$v=19$m=102400",
}


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS.keys())
@pytest.mark.parametrize(
    "name", ["compose.yaml", "deep/er/envoy.json", ".env", "ramet.manifest.json"]
)
def test_keys_of_known_form_are_found_in_configuration(root: Path, key: str, name: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"one\nvalue: {key}\n")
    assert found(root) == [f"{name}:2"]
    assert key not in "".join(map(str, committed_secrets(root)))


@pytest.mark.parametrize("bytes_", [16, 24, 32, 48])
def test_what_is_drawn_at_random_is_found_after_a_telling_name(root: Path, bytes_: int) -> None:
    missed = 0
    for _ in range(200):
        value = secrets.token_urlsafe(bytes_)
        lines = (f"PASSWORD={value}", f'"api_key": "{value}"', f"  secretKey: {value}")
        missed += not all(map(has_named_secret, lines))
    assert missed <= 30, "a net with few holes"


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "line",
    [
        "data: " + "Ab3-" * 100_000,
        "data: " + "token-" * 60_000,
    ],
    ids=["base64", "telling words"],
)
def test_a_very_long_line_takes_no_longer_than_its_length_tells(root: Path, line: str) -> None:
    (root / "values.yaml").write_text(line)
    assert found(root) == []


@pytest.mark.parametrize(
    "line",
    [
        "password: $PASSWORD",
        "password: ${PASSWORD}",
        "PASSWORD_FILE=file:/run/secrets/database-password",
        "secretName: orders-database-credentials",
        "token_endpoint: https://shop.example/o/token/",
        "tokenTtlSeconds: 300",
        "postgresql://shop:${PASSWORD}@db/shop",
        "postgresql://db.example/shop",
        "api_key: replace-me-before-you-deploy",
    ],
)
def test_references_and_words_are_none(root: Path, line: str) -> None:
    (root / "compose.yaml").write_text(line)
    assert found(root) == []


def test_what_git_ignores_is_left_alone(root: Path) -> None:
    (root / ".gitignore").write_text("*.env\n")
    (root / "local.env").write_text(KEYS["Stripe"])
    assert found(root) == []


def test_a_file_of_the_local_system_in_git_is_told(root: Path) -> None:
    (root / ".ramet").mkdir()
    (root / ".ramet/state.json").write_text("{}")
    subprocess.run(["git", "add", "-f", ".ramet/state.json"], cwd=root, check=True)
    assert found(root) == [".ramet/state.json"]


def test_without_git_every_file_counts_but_those_of_the_local_system(tmp_path: Path) -> None:
    (tmp_path / ".ramet").mkdir()
    (tmp_path / ".ramet/state.json").write_text(KEYS["a URL"])
    (tmp_path / "compose.yaml").write_text(KEYS["Stripe"])
    assert found(tmp_path) == ["compose.yaml:1"]


def test_nothing_of_this_repository_is_taken_for_a_secret() -> None:
    """Its tests' keys are made when they run, and its examples are words."""
    assert found(ROOT) == []
    assert found(ROOT / "shop") == []


def test_randomness_tells_nothing_of_this_repositorys_files_that_ramet_reads_or_writes() -> None:
    for path in [*ROOT.rglob("ramet.toml"), *ROOT.rglob("ramet.manifest.json")]:
        if not {".venv", "node_modules"} & {*path.parts}:
            assert not [line for line in path.read_text().splitlines() if has_random(line)], path


@pytest.mark.parametrize(
    "text",
    [
        "PlaceOrderWithPaymentAndShipmentV2",
        "/api/v1/ProductCategoryListing/",
        "shop_v1_ReadsAllThePages",
    ],
)
def test_names_and_paths_of_mixed_kinds_are_not_drawn_at_random(text: str) -> None:
    assert not has_random(text)


@pytest.mark.parametrize(
    "value", ["$DATABASE_URL", "file:/run/secrets/database-url", "nats://nats.example:4222", "shop"]
)
def test_what_points_elsewhere_is_no_secret_in_ramet_toml(value: str) -> None:
    assert not looks_secret(value)


def test_a_random_value_is_one_in_ramet_toml() -> None:
    assert looks_secret("Zx8Kq2Vw9Lm4Tr7Yb1Nc")
    assert looks_secret("postgresql://db/shop?password=hunter2")
    assert looks_secret(
        "kafka://broker/?sasl.password=" + base64.b64encode(b"0123456789ab").decode()
    )
