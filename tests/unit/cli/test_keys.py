"""`ramet keys`: lists the signing keys of the system here, and moves them on."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from ramet.cli import main
from ramet.identity import signing
from ramet.identity.rotation import PUBLISHED_FIRST
from tests.unit.identity.test_rotation import age

TOML = """
[system]
name = "shop"
settings = "shop.settings"

[services.users]
apps = ["users"]
routes = ["/o/"]

[gateway]
issuer = "{issuer}"
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "ramet.toml").write_text(TOML.format(issuer="users"))
    (tmp_path / "users").mkdir()
    (tmp_path / "users" / "__init__.py").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def keys(project: Path) -> Path:
    return project / ".ramet" / "secrets" / "signing-keys.pem"


def listed(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    capsys.readouterr()
    assert main(["keys", "list", "--json"]) == 0
    rows: list[dict[str, object]] = json.loads(capsys.readouterr().out)
    return rows


def test_keys_are_listed_with_state_and_time(
    keys: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["keys", "list"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    kid, next_kid = signing.public_keys(keys)
    assert first.startswith(f"signing  {kid}  since ")
    assert second.startswith(f"next     {next_kid}  since ")
    assert "may sign in 6" in second


def test_a_rotation_waits_until_everybody_knows_the_next_key(
    keys: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = listed(capsys)
    assert main(["keys", "rotate"]) == 2
    assert "rotation-too-early" in capsys.readouterr().err
    assert [row["kid"] for row in listed(capsys)] == [row["kid"] for row in before]
    age(keys, PUBLISHED_FIRST + timedelta(seconds=1))
    assert main(["keys", "rotate"]) == 0
    after = listed(capsys)
    assert [row["state"] for row in after] == ["signing", "next", "retired"]
    assert after[0]["kid"] == before[1]["kid"]
    assert after[2]["kid"] == before[0]["kid"]


def test_an_emergency_withdraws_the_keys_at_once(
    keys: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = listed(capsys)
    assert main(["keys", "rotate", "--emergency"]) == 0
    after = listed(capsys)
    assert [row["state"] for row in after] == ["signing", "next"]
    assert not {row["kid"] for row in before} & {row["kid"] for row in after}


def test_the_keys_of_the_environment_are_meant_where_there_are_some(
    project: Path,
    keys: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    elsewhere = project / "mounted.pem"
    monkeypatch.setenv("RAMET_SIGNING_KEYS", str(elsewhere))
    monkeypatch.setenv("RAMET_SIGNING_KEYS_PASSPHRASE", "correct horse")
    assert len(listed(capsys)) == 2
    assert elsewhere.exists()
    assert not keys.exists()
    assert not elsewhere.with_suffix(".passphrase").exists()


def test_the_keys_of_another_issuer_are_not_ours(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "ramet.toml").write_text(TOML.format(issuer="https://id.example"))
    assert main(["keys", "list"]) == 2
    assert "foreign-issuer" in capsys.readouterr().err
