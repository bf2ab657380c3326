"""Excerpts: the lines around a cut, and never a secret or a file from elsewhere."""

from pathlib import Path

import msgspec
import pytest

from ramet.tools.assess.findings import Cut
from ramet.tools.assess.report.excerpts import with_excerpts
from tests.unit.tools.assess.report.made_up import made_up


def at(file: str, line: int) -> Cut:
    cut = made_up().cuts[0]
    return msgspec.structs.replace(
        cut, edge=msgspec.structs.replace(cut.edge, file=file, line=line), excerpt=""
    )


def test_the_line_is_marked_among_those_around_it(tmp_path: Path) -> None:
    """Their common indentation is taken away."""
    (tmp_path / "m.py").write_text("a\nclass B:\n    c = 1\n    d = 2\n    e = 3\n    f = 4\n")
    (cut,) = with_excerpts([at("m.py", 5)], tmp_path)
    assert cut.excerpt == "  c = 1\n  d = 2\n> e = 3\n  f = 4"


@pytest.mark.parametrize(
    ("file", "line"), [("m.py", 9), ("m.py", 0), ("../m.py", 1), ("none.py", 1), ("", 0)]
)
def test_what_is_not_there_or_lies_elsewhere_has_none(tmp_path: Path, file: str, line: int) -> None:
    """No error: the cut stands without."""
    (tmp_path / "m.py").write_text("outside\n")
    inside = tmp_path / "in"
    inside.mkdir()
    (inside / "m.py").write_text("a = 1\n")
    (cut,) = with_excerpts([at(file, line)], inside)
    assert cut.excerpt == ""


def test_a_line_that_may_hold_a_secret_is_not_shown(tmp_path: Path) -> None:
    """A report is sent around."""
    secret = "AKIA" + "IOSFODNN7EXAMPLE"
    (tmp_path / "m.py").write_text(f"a = 1\n    key = '{secret}'\nb = 2\n")
    (cut,) = with_excerpts([at("m.py", 1)], tmp_path)
    assert secret not in cut.excerpt
    assert "may hold a secret" in cut.excerpt


def test_long_lines_are_cut_and_other_encodings_are_read(tmp_path: Path) -> None:
    """A generated line of a megabyte is none to show."""
    (tmp_path / "m.py").write_bytes(b"\xef\xbb\xbfx = '" + b"y" * 10_000 + b"'\n\xff\n")
    (cut,) = with_excerpts([at("m.py", 1)], tmp_path)
    assert len(cut.excerpt) < 400
