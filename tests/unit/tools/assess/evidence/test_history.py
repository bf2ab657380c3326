"""What changes together becomes edges; a history that is not there becomes a gap."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from ramet.tools.assess.evidence import history
from ramet.tools.assess.evidence.history import with_history
from ramet.tools.assess.facts import Edge, Scan
from tests.assess.small_project import small_scan

Commit = Callable[..., None]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    folder = tmp_path / "repository" / "project"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def commit(root: Path) -> Commit:
    """`commit("a.py", "b.py")` changes both in one commit; the project lies below the top."""
    git(root.parent, "init", "--quiet")

    def make(*files: str) -> None:
        for name in files:
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("a") as file:
                file.write("a line that is long enough to be recognised after a rename\n")
        record(root)

    return make


def git(folder: Path, *command: str) -> None:
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *identity, *command], cwd=folder, check=True, capture_output=True)


def record(root: Path) -> None:
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "a change")


def edges(scan: Scan) -> list[Edge]:
    return [each for each in scan.edges if each.kind == "history"]


def test_apps_that_change_together_are_an_edge(root: Path, commit: Commit) -> None:
    for _ in range(3):
        commit("sales/views.py", "goods/views.py")
    commit("goods/views.py")
    (edge,) = edges(with_history(small_scan(), root))
    assert (edge.source, edge.target, edge.file) == ("goods", "sales", "goods/views.py")
    assert edge.note == "changed together in 3 of the 3 commits of the quieter one"


def test_a_model_that_is_alone_in_its_file_stands_for_it(root: Path, commit: Commit) -> None:
    for _ in range(3):
        commit("sales/models.py", "goods/models.py")
    (edge,) = edges(with_history(small_scan(), root))
    assert (edge.source, edge.target) == ("goods", "sales.Order")


def test_a_chance_meeting_is_no_edge(root: Path, commit: Commit) -> None:
    for _ in range(2):
        commit("sales/views.py", "goods/views.py")
    assert edges(with_history(small_scan(), root)) == []
    commit("sales/views.py", "goods/views.py")
    for _ in range(13):
        commit("sales/views.py")
        commit("goods/views.py")
    assert edges(with_history(small_scan(), root)) == []


def test_tests_and_migrations_do_not_count(root: Path, commit: Commit) -> None:
    for _ in range(3):
        commit("sales/tests.py", "goods/migrations/0001_initial.py", "goods/views.py")
    assert edges(with_history(small_scan(), root)) == []


def test_large_commits_are_left_out_and_said_so(root: Path, commit: Commit) -> None:
    for _ in range(3):
        commit("sales/views.py", *(f"goods/{n}.py" for n in range(history.LARGEST_COMMIT)))
    made = with_history(small_scan(), root)
    assert edges(made) == []
    assert [each.kind for each in made.gaps] == ["large-commits"]
    assert made.gaps[0].found == "3 of 3 commits change more than 30 files"


def test_a_file_keeps_its_history_when_it_is_renamed(root: Path, commit: Commit) -> None:
    for _ in range(3):
        commit("old/views.py", "goods/views.py")
    assert edges(with_history(small_scan(), root)) == []
    (root / "sales").mkdir()
    (root / "old/views.py").rename(root / "sales/views.py")
    record(root)
    (edge,) = edges(with_history(small_scan(), root))
    assert (edge.source, edge.target) == ("goods", "sales")


def test_no_repository_is_a_gap_and_the_rest_goes_on(root: Path) -> None:
    made = with_history(small_scan(), root)
    assert [each.kind for each in made.gaps] == ["no-history"]
    assert "not a git repository" in made.gaps[0].why
    assert made.edges == small_scan().edges


def test_a_repository_without_a_commit_is_a_gap(root: Path, commit: Commit) -> None:
    made = with_history(small_scan(), root)
    assert [each.kind for each in made.gaps] == ["no-history"]


def test_no_git_is_a_gap(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(root))
    (gap,) = with_history(small_scan(), root).gaps
    assert (gap.kind, gap.why) == ("no-history", "There is no git on this machine.")


def test_a_shallow_clone_is_a_gap(root: Path, commit: Commit, tmp_path: Path) -> None:
    for _ in range(3):
        commit("sales/views.py", "goods/views.py")
    copy = tmp_path / "copy"
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{root.parent}", str(copy))
    made = with_history(small_scan(), copy / "project")
    assert edges(made) == []
    assert [each.kind for each in made.gaps] == ["shallow-history"]
