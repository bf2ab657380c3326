"""Secrets come from the environment or from a file; errors do not have a word of them."""

import os
from pathlib import Path

import pytest

import ramet
from ramet.errors import DiagnosticError
from ramet.system.secrets import resolved

SECRET = "hunter2-hunter2"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_text(SECRET + "\n")
    path.chmod(0o600)
    return path


def refusal(value: str, environ: dict[str, str] | None = None) -> str:
    with pytest.raises(DiagnosticError) as caught:
        resolved(value, environ or {}, "RAMET_SECRET_KEY")
    (mistake,) = caught.value.mistakes
    assert mistake.where == "RAMET_SECRET_KEY"
    assert "hunter2" not in str(caught.value)
    return mistake.found


def test_a_value_stands_for_itself() -> None:
    assert resolved(SECRET, {}, "x") == SECRET
    assert resolved("", {}, "x") == ""


def test_a_variable_names_another_one_or_a_file(file: Path) -> None:
    assert resolved("$OTHER", {"OTHER": SECRET}, "x") == SECRET
    assert resolved(f"file:{file}", {}, "x") == SECRET
    assert resolved(f"file://{file}", {}, "x") == SECRET
    assert resolved("$OTHER", {"OTHER": f"file:{file}"}, "x") == SECRET


@pytest.mark.parametrize(
    ("content", "read"),
    [
        (b"a\n", "a"),
        (b"a\r\n", "a"),
        (b"a\n\n", "a\n"),
        (b" a ", " a "),
        ("größe".encode(), "größe"),
        (b"-----BEGIN\nb\n-----END\n", "-----BEGIN\nb\n-----END"),
    ],
)
def test_one_newline_at_the_end_does_not_count(file: Path, content: bytes, read: str) -> None:
    file.write_bytes(content)
    assert resolved(f"file:{file}", {}, "x") == read


@pytest.mark.parametrize("environ", [{}, {"OTHER": ""}])
def test_a_variable_that_is_not_set_or_empty_is_named_where_its_name_is_public(
    environ: dict[str, str],
) -> None:
    with pytest.raises(DiagnosticError, match='"\\$OTHER", but OTHER is not set'):
        resolved("$OTHER", environ, "[infrastructure] broker", is_public=True)
    assert refusal("$OTHER", environ) == "$NAME of a variable that is not set"


def test_a_password_that_begins_with_a_dollar_is_not_told(file: Path) -> None:
    """It looks like the name of a variable. In a file it is what it is."""
    refusal("$hunter2")
    refusal("$OTHER", {"OTHER": "file:hunter2"})
    file.write_text("$hunter2")
    assert resolved(f"file:{file}", {}, "x") == "$hunter2"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "empty"),
        (b"\n", "empty"),
        (b"hunter2\xff", "no text"),
        (b"hunter2\0", "no text"),
        (b"hunter2" * 10_000, "larger than 65536 bytes"),
    ],
)
def test_what_is_no_secret_is_refused(file: Path, content: bytes, told: str) -> None:
    file.write_bytes(content)
    found = refusal(f"file:{file}")
    assert str(file) in found
    assert told in found


def test_a_file_that_is_missing_or_no_file_is_refused(tmp_path: Path) -> None:
    assert "No such file" in refusal(f"file:{tmp_path}/none")
    assert "no file" in refusal(f"file:{tmp_path}") or "directory" in refusal(f"file:{tmp_path}")
    os.mkfifo(tmp_path / "pipe", 0o600)
    assert "no file" in refusal(f"file:{tmp_path}/pipe")
    assert refusal("file:hunter2") == "file: without an absolute path"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_of_somebody_else_is_refused(file: Path) -> None:
    file.chmod(0o000)
    assert "Permission denied" in refusal(f"file:{file}")


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o666])
def test_a_file_that_everybody_may_read_is_refused(file: Path, mode: int) -> None:
    file.chmod(mode)
    assert f"(mode {mode:04o})" in refusal(f"file:{file}")


@pytest.mark.parametrize("mode", [0o400, 0o440, 0o640])
def test_a_group_may_read_it(file: Path, mode: int) -> None:
    """In Kubernetes, a pod's fsGroup."""
    file.chmod(mode)
    assert resolved(f"file:{file}", {}, "x") == SECRET


def test_what_a_container_engine_mounts_has_the_engines_mode(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Docker's secrets are 0444, in a folder that only one container sees."""
    file.chmod(0o444)
    monkeypatch.setattr("ramet.system.secrets._OF_A_CONTAINER", (file.parent,))
    assert resolved(f"file:{file}", {}, "x") == SECRET


def test_a_link_is_followed_as_kubernetes_makes_them(file: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(file)
    assert resolved(f"file:{tmp_path}/link", {}, "x") == SECRET


class TestOfAProject:
    """`ramet.secret`, for settings.py."""

    def test_it_reads_the_variable(self, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SHOP_KEY", SECRET)
        assert ramet.secret("SHOP_KEY") == SECRET
        monkeypatch.setenv("SHOP_KEY", f"file:{file}")
        assert ramet.secret("SHOP_KEY", default="x") == SECRET

    @pytest.mark.parametrize("given", [None, ""])
    def test_without_it_there_is_a_default_or_an_error(
        self, given: str | None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("SHOP_KEY", raising=False)
        if given is not None:
            monkeypatch.setenv("SHOP_KEY", given)
        assert ramet.secret("SHOP_KEY", default="") == ""
        with pytest.raises(DiagnosticError, match="SHOP_KEY: environment-unset"):
            ramet.secret("SHOP_KEY")

    def test_a_file_that_is_wrong_is_an_error_whatever_the_default(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SHOP_KEY", f"file:{tmp_path}/none")
        with pytest.raises(DiagnosticError, match="SHOP_KEY: secret-file"):
            ramet.secret("SHOP_KEY", default="")
