"""Excerpts: the lines around a cut, and never a secret or a file from elsewhere."""

import os
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from ramet.tools.assess.findings import Cut
from ramet.tools.assess.report import excerpts
from ramet.tools.assess.report.excerpts import with_excerpts
from ramet.tools.assess.source.store import Store
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


def shown(root: Path, cache: Path, *at_: Cut) -> list[str]:
    """The excerpts of one run of several."""
    store = Store(cache, b"1")
    found = [cut.excerpt for cut in with_excerpts(list(at_), root, store)]
    store.save()
    return found


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time in which files that were just written have rested."""
    now = time.time_ns
    monkeypatch.setattr(excerpts.time, "time_ns", lambda: now() + 10_000_000_000)


@pytest.mark.usefixtures("later")
def test_a_file_that_rests_is_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, cache = tmp_path / "root", tmp_path / "kept"
    root.mkdir()
    (root / "m.py").write_text("a\nb\nc\nd\ne\nf\n")
    first = shown(root, cache, at("m.py", 1), at("m.py", 2))
    with monkeypatch.context() as patched:
        patched.setattr(excerpts._Files, "_read", None)
        assert shown(root, cache, at("m.py", 1), at("m.py", 2)) == first
    # Of other lines of it nothing is known.
    assert shown(root, cache, at("m.py", 6)) == ["  d\n  e\n> f"]


def test_a_file_that_was_just_written_is_read_again(tmp_path: Path) -> None:
    """Within one step of a clock, its state may be that of what stood there before."""
    root, cache = tmp_path / "root", tmp_path / "kept"
    root.mkdir()
    (root / "m.py").write_text("a\n")
    shown(root, cache, at("m.py", 1))
    before = excerpts._SHOWN.decode(Store(cache, b"1").last(excerpts._KEY))
    assert before["m.py"].state is None


@pytest.mark.usefixtures("later")
def test_a_change_of_a_file_is_seen_and_of_where_links_lead(tmp_path: Path) -> None:
    """What is moved with its folder keeps its state."""
    root, cache, outside = tmp_path / "root", tmp_path / "kept", tmp_path / "outside"
    outside.mkdir()
    root.mkdir()
    (outside / "m.py").write_text("a\n")
    (root / "link").symlink_to(outside)
    (root / "m.py").symlink_to(outside / "m.py")
    cuts = at("link/m.py", 1), at("m.py", 1)
    assert shown(root, cache, *cuts) == ["", ""]
    (root / "link").unlink()
    outside.rename(root / "link")
    assert shown(root, cache, *cuts) == ["> a", ""]
    (root / "m.py").unlink()
    (root / "m.py").symlink_to("link/m.py")
    assert shown(root, cache, *cuts) == ["> a", "> a"]
    (root / "link/m.py").write_text("b\n")
    assert shown(root, cache, *cuts) == ["> b", "> b"]
    os.remove(root / "link/m.py")
    assert shown(root, cache, *cuts) == ["", ""]


def test_what_recognises_secrets_needs_nothing_that_reads_a_system() -> None:
    """Importing that would take longer than all excerpts after a change."""
    script = (
        "import ramet.tools.assess.report.showing, sys\n"
        "print([name for name in sys.modules if name.startswith('ramet.system')])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout == "[]\n"
