"""What the machine refuses is told as what it is; what may be a bug of ours keeps its traceback."""

import errno
from pathlib import Path

import pytest

from ramet import cli
from ramet.cli._refused import diagnosis


def test_a_full_disk_is_told_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("ramet.cli._running.run", full)
    monkeypatch.chdir(tmp_path)
    assert cli.main(["status"]) == cli.MISUSED
    said = capsys.readouterr().err
    assert said.startswith(f"{tmp_path}: disk-full\n  found     No space left on device\n")
    assert "df -h" in said


def test_a_file_of_another_user_is_named() -> None:
    told = diagnosis(PermissionError(errno.EACCES, "Permission denied", "/x/state.json"))
    assert str(told).startswith("/x/state.json: not-permitted\n")


@pytest.mark.parametrize(
    "error",
    [
        FileNotFoundError(errno.ENOENT, "No such file", "/x"),
        PermissionError(errno.EPERM, "Operation not permitted"),  # a signal to somebody else's
        OSError("of a library's own"),
    ],
    ids=["not found", "a signal", "no number"],
)
def test_what_may_be_a_bug_is_not_explained_away(error: OSError) -> None:
    assert diagnosis(error) is None
