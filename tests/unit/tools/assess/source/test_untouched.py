"""A file that rests is not read to know that it does; one that may have changed always is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ramet.tools.assess.source.reading import Reader
from ramet.tools.assess.source.store import Store
from ramet.tools.assess.source.texts import Texts
from ramet.tools.assess.source.untouched import Untouched
from ramet.tools.assess.source.walking import Files, State, walk

SECOND = 1_000_000_000


def lines(root: Path, cache: Path, states: dict[str, State], looked_at: int) -> dict[str, int]:
    """How many lines each file has, as one run reads them."""
    store = Store(cache, b"1")
    untouched = Untouched(store, states, looked_at)
    reader = Reader(root, store, untouched=untouched)
    found = {path: each.lines for path, each in reader.read(states).items()}
    untouched.keep(reader.keys)
    store.save()
    return found


def after(files: Files, seconds: int) -> int:
    """A time so long after the last change of any file."""
    return max(max(state[-2:]) for state in files.states.values()) + seconds * SECOND


@pytest.mark.parametrize(("seconds", "told"), [(10, 1), (1, 2)])
def test_a_state_is_believed_of_a_file_that_had_rested_when_it_was_looked_at(
    tmp_path: Path, seconds: int, told: int
) -> None:
    """The file's second change shows the same times as the first, as within one step of a clock."""
    root, cache = tmp_path / "root", tmp_path / "kept"
    root.mkdir()
    (root / "a.py").write_text("a = 1\n")
    files = walk(root)
    assert lines(root, cache, files.states, after(files, seconds)) == {"a.py": 1}
    (root / "a.py").write_text("a = 1\nb = 2\n")
    assert lines(root, cache, files.states, after(files, seconds)) == {"a.py": told}


def test_a_file_that_is_written_anew_with_its_old_time_is_seen(tmp_path: Path) -> None:
    """As a copy or an archive does, or who hides a change: what is about a file tells it."""
    root, cache = tmp_path / "root", tmp_path / "kept"
    root.mkdir()
    path = root / "a.py"
    path.write_text("a = 1\nb = 2\n")
    files = walk(root)
    lines(root, cache, files.states, after(files, 10))
    before = path.stat()
    path.write_text("a = 1 + 222\n")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    files = walk(root)
    assert files.states["a.py"][2:4] == (before.st_size, before.st_mtime_ns)
    assert lines(root, cache, files.states, after(files, 10)) == {"a.py": 1}


def test_a_file_that_is_known_but_not_kept_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("a = 1\n")
    files = walk(tmp_path)
    lines(tmp_path, tmp_path / "kept", files.states, after(files, 10))
    store = Store(tmp_path / "kept", b"1")
    known = Untouched(store, files.states, 0).key("a.py")
    assert known is not None
    store.save()  # without what nobody asked for
    assert Store(tmp_path / "kept", b"1").last(known) is None
    assert lines(tmp_path, tmp_path / "kept", files.states, after(files, 10)) == {"a.py": 1}


def test_a_template_that_rests_is_not_read_either(tmp_path: Path) -> None:
    root, cache = tmp_path / "root", tmp_path / "kept"
    (root / "templates").mkdir(parents=True)
    path = root / "templates/a.html"
    path.write_text("one")
    files = walk(root)

    def keys(seconds: int) -> dict[str, bytes]:
        store = Store(cache, b"1")
        untouched = Untouched(store, files.states, after(files, seconds))
        texts = Texts(root, files.templates, untouched)
        untouched.keep(texts.keys)
        store.save()
        return texts.keys

    first = keys(1)
    path.write_text("two")
    second = keys(10)
    assert first != second  # it had not rested
    path.write_text("six")
    assert keys(10) == second
    files = walk(root)
    assert keys(10) != second
