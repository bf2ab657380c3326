"""Generated files belong to whoever has them: what was changed by hand stays."""

from pathlib import Path

from ramet.tools.observability.writing import write


def test_made_again_nothing_changes(tmp_path: Path) -> None:
    assert write(tmp_path, {"a/b.yml": "one\n"}).written == ["a/b.yml"]
    again = write(tmp_path, {"a/b.yml": "one\n"})
    assert (again.written, again.unchanged) == ([], ["a/b.yml"])


def test_a_file_as_it_was_written_is_replaced_by_a_newer_one(tmp_path: Path) -> None:
    write(tmp_path, {"b.yml": "one\n"})
    assert write(tmp_path, {"b.yml": "two\n"}).written == ["b.yml"]
    assert (tmp_path / "b.yml").read_text() == "two\n"


def test_a_file_that_was_changed_by_hand_stays_and_the_difference_is_told(tmp_path: Path) -> None:
    write(tmp_path, {"b.yml": "one\n", "c.yml": "x\n"})
    (tmp_path / "b.yml").write_text("mine\n")
    result = write(tmp_path, {"b.yml": "two\n", "c.yml": "y\n"})
    assert (tmp_path / "b.yml").read_text() == "mine\n"
    assert result.written == ["c.yml"]
    assert "-mine\n+two" in result.kept["b.yml"]
    assert write(tmp_path, {"b.yml": "two\n"}).kept, "it is told until somebody decides"
    (tmp_path / "b.yml").write_text("two\n")  # taken over by hand
    assert write(tmp_path, {"b.yml": "two\n"}).unchanged == ["b.yml"]
    assert write(tmp_path, {"b.yml": "three\n"}).written == ["b.yml"]


def test_force_writes_over_it(tmp_path: Path) -> None:
    write(tmp_path, {"b.yml": "one\n"})
    (tmp_path / "b.yml").write_text("mine\n")
    assert write(tmp_path, {"b.yml": "two\n"}, force=True).written == ["b.yml"]
    assert (tmp_path / "b.yml").read_text() == "two\n"


def test_a_file_that_was_there_before_is_somebodys(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("about my things\n")
    assert list(write(tmp_path, {"README.md": "generated\n"}).kept) == ["README.md"]


def test_without_its_memory_nothing_is_lost(tmp_path: Path) -> None:
    write(tmp_path, {"b.yml": "one\n"})
    (tmp_path / ".generated.json").write_text("{half")
    assert list(write(tmp_path, {"b.yml": "two\n"}).kept) == ["b.yml"]
