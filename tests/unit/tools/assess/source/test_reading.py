"""A file is parsed once in its life, in any number of processes, and a crash takes only itself."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from ramet.tools.assess.source import extracting, reading
from ramet.tools.assess.source.reading import Reader
from ramet.tools.assess.source.store import Store
from tests.conftest import eventually


def reader(root: Path, cache: Path | None = None, version: bytes = b"1") -> Reader:
    """A reader of a folder, with what an earlier one of the same version has kept."""
    return Reader(root, Store(cache, version))


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The contents that were parsed in this process."""
    seen: list[bytes] = []
    original = extracting.extract

    def extract(content: bytes, *, is_own: bool = True) -> bytes:
        seen.append(content)
        return original(content, is_own=is_own)

    monkeypatch.setattr(extracting, "extract", extract)
    return seen


def test_only_what_has_changed_is_parsed_again(tmp_path: Path, parsed: list[bytes]) -> None:
    root, cache = tmp_path / "root", tmp_path / "cache" / "kept"
    root.mkdir()
    (root / "a.py").write_text("a = 1\n")
    (root / "b.py").write_text("b = 1\n")
    first = reader(root, cache)
    first.read(["a.py", "b.py"])
    first.store.save()
    parsed.clear()
    (root / "b.py").write_text("b = 2\n")
    (root / "c.py").write_text("a = 1\n")  # moved, or copied: the same content
    found = reader(root, cache).read(["a.py", "b.py", "c.py"])
    assert parsed == [b"b = 2\n"]
    assert list(found) == ["a.py", "b.py", "c.py"]
    assert found["a.py"].body == found["c.py"].body != found["b.py"].body


@pytest.mark.parametrize("spoil", [lambda kept: kept[: len(kept) // 2], lambda kept: b"", None])
def test_a_store_of_another_version_or_cut_off_is_no_store(
    tmp_path: Path, parsed: list[bytes], spoil: object
) -> None:
    cache = tmp_path / "kept"
    (tmp_path / "a.py").write_text("a = 1\n")
    first = reader(tmp_path, cache)
    first.read(["a.py"])
    first.store.save()
    parsed.clear()
    version = b"2"
    if callable(spoil):
        cache.write_bytes(spoil(cache.read_bytes()))
        version = b"1"
    assert reader(tmp_path, cache, version).read(["a.py"])["a.py"].lines == 1
    assert parsed == [b"a = 1\n"]


def test_a_store_keeps_what_the_last_run_used_and_no_more(tmp_path: Path) -> None:
    store = Store(tmp_path / "kept", b"1")
    store.put(b"old", b"\x01")
    store.save()
    again = Store(tmp_path / "kept", b"1")
    again.put(b"new", b"\x02")
    again.save()
    last = Store(tmp_path / "kept", b"1")
    assert last.get(b"new") is not None
    assert last.get(b"old") is None


def test_a_file_that_ends_its_process_is_told_and_the_others_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = extracting.extract

    def extract(content: bytes, *, is_own: bool = True) -> bytes:
        if content == b"crash\n":
            os._exit(1)
        return original(content, is_own=is_own)

    monkeypatch.setattr(extracting, "extract", extract)
    monkeypatch.setattr(reading, "WORTH_A_POOL", 0)
    monkeypatch.setattr("threading.active_count", lambda: 1)  # fork, to take the patches along
    for number in range(5):
        (tmp_path / f"good{number}.py").write_text(f"a = {number}\n")
    (tmp_path / "bad.py").write_text("crash\n")
    one = reader(tmp_path)
    found = one.read([path.name for path in tmp_path.glob("*.py")], processes=2)
    assert sorted(found) == [f"good{number}.py" for number in range(5)]
    assert list(one.failures) == ["bad.py"]


def test_processes_find_what_one_finds_and_progress_ends_with_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "WORTH_A_POOL", 0)
    monkeypatch.setattr("threading.active_count", lambda: 1)
    for number in range(20):
        (tmp_path / f"m{number}.py").write_text(f"class C{number}(Base):\n    pass\n")
    paths = sorted(path.name for path in tmp_path.glob("*.py"))
    steps: list[tuple[int, int, str]] = []
    alone = reader(tmp_path).read(paths, processes=1)
    together = reader(tmp_path).read(paths, progress=lambda *step: steps.append(step), processes=2)
    assert {path: each.body for path, each in alone.items()} == {
        path: each.body for path, each in together.items()
    }
    assert steps[-1] == (20, 20, "reading files")


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_who_is_killed_while_others_read_for_it_leaves_none_of_them(
    tmp_path: Path, end: signal.Signals
) -> None:
    for number in range(400):
        (tmp_path / f"m{number}.py").write_text(f"class C{number}(Base):\n    pass\n" * 200)
    code = (
        "import sys; from pathlib import Path\n"
        "from ramet.tools.assess.source.reading import Reader\n"
        "from ramet.tools.assess.source.store import Store\n"
        "root = Path(sys.argv[1])\n"
        "Reader(root, Store()).read([each.name for each in root.iterdir()], processes=2)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)]) as reading_all:
        one = psutil.Process(reading_all.pid)
        workers = eventually(lambda: len(found := one.children()) == 2 and found, what="they begin")
        reading_all.send_signal(end)
    _, left = psutil.wait_procs(workers, timeout=10)
    for each in left:
        each.kill()
    assert left == []
