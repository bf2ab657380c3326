"""What a developer is told when a service does not load."""

from pathlib import Path

import pytest

from ramet.processes.zygote import own_part


def _raised(tmp_path: Path, code: str) -> BaseException:
    file = tmp_path / "views.py"
    file.write_text(code)
    with pytest.raises(Exception) as caught:  # noqa: PT011 - whatever the code raises
        exec(compile(code, str(file), "exec"), {})
    return caught.value


def test_the_last_line_of_the_projects_own_code_is_shown(tmp_path: Path) -> None:
    error = _raised(tmp_path, "import json\n\njson.loads('{')\n")
    text = own_part(error, str(tmp_path))
    assert f'File "{tmp_path}/views.py", line 3' in text
    assert text.splitlines()[-1].startswith("json.decoder.JSONDecodeError: ")
    assert "/json/" not in text


def test_a_syntax_error_shows_its_own_place(tmp_path: Path) -> None:
    error = _raised(tmp_path, "x = = 1\n")
    text = own_part(error, str(tmp_path))
    assert f'File "{tmp_path}/views.py", line 1' in text
    assert "SyntaxError" in text


def test_an_error_without_own_code_is_still_told(tmp_path: Path) -> None:
    error = _raised(tmp_path, "raise ValueError('no frame here')")
    assert own_part(error, "/somewhere/else") == "ValueError: no frame here"
