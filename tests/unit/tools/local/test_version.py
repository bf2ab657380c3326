"""A process's version is what the environment says, or what Git calls the code."""

import subprocess
from pathlib import Path

import pytest

from ramet.tools.local.version import NAME, version_of


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(NAME, raising=False)


def test_the_commit_and_whether_something_is_not_committed(tmp_path: Path) -> None:
    def git(*arguments: str) -> str:
        identity = ["-c", "user.name=t", "-c", "user.email=t@example.com"]
        done = subprocess.run(
            ["git", *identity, *arguments], cwd=tmp_path, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    git("init", "--quiet")
    (tmp_path / "a").write_text("1")
    git("add", "a")
    git("commit", "--quiet", "--message=first")
    commit = git("rev-parse", "--short", "HEAD")
    assert version_of(tmp_path) == commit
    (tmp_path / "a").write_text("2")
    assert version_of(tmp_path) == f"{commit}-dirty"


def test_nobody_knows_and_the_environment_knows_better(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert version_of(tmp_path) == ""
    monkeypatch.setenv(NAME, "2026.11")
    assert version_of(tmp_path) == "2026.11"
