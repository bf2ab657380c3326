"""Several processes count in one folder: real forks, killed."""

import errno
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ramet.telemetry.metrics import Counter, Histogram, Level, cells, instruments, shared

EATEN = Counter("test.apples.eaten", "Apples.", attributes=("who",))
CHEWED = Histogram("test.chewing.duration", "Chewing.", bounds=(1.0, 2.0))
HELD = Level("test.apples.held", "Apples in hands.")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path) -> Iterator[Path]:
    instruments.use_folder(tmp_path, "test")
    yield tmp_path
    instruments.use_folder(None, "test")


class Child:
    """A process that counts what `work` says, and waits for its end."""

    def __init__(self, work: Callable[[], None]) -> None:
        said, saying = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            work()
            os.write(saying, b"!")
            signal.pause()
        os.close(saying)
        assert os.read(said, 1) == b"!"
        os.close(said)

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


def total(folder: Path, name: str, *values: str) -> list[float]:
    found = [
        each.numbers
        for each in shared.add_up(folder)
        if (each.declaration.name, each.values) == (name, values)
    ]
    return found[0] if found else []


def test_what_all_processes_counted_is_added_up(folder: Path) -> None:
    EATEN.add(1, "alice")
    first = Child(lambda: EATEN.add(2, "alice"))
    second = Child(lambda: EATEN.add(4, "alice"))
    assert total(folder, "test.apples.eaten", "alice") == [7]
    first.kill()
    second.kill()


def test_a_fork_counts_from_nought_and_leaves_its_parents_numbers(folder: Path) -> None:
    EATEN.add(1, "alice")
    child = Child(lambda: EATEN.add(1, "bob"))
    EATEN.add(1, "alice")
    assert total(folder, "test.apples.eaten", "alice") == [2]
    assert total(folder, "test.apples.eaten", "bob") == [1]
    child.kill()


def test_a_counter_never_goes_back_when_a_process_is_killed(folder: Path) -> None:
    child = Child(lambda: EATEN.add(3, "alice"))
    assert total(folder, "test.apples.eaten", "alice") == [3]
    child.kill()
    assert total(folder, "test.apples.eaten", "alice") == [3]
    successor = Child(lambda: EATEN.add(1, "alice"))
    assert total(folder, "test.apples.eaten", "alice") == [4]
    successor.kill()


def test_the_files_of_ended_processes_are_removed(folder: Path) -> None:
    for _ in range(3):
        Child(lambda: EATEN.add(1, "alice")).kill()
    assert total(folder, "test.apples.eaten", "alice") == [3]
    assert sorted(path.name for path in folder.iterdir()) == ["ended.json", "lock"]


def test_a_level_ends_with_its_process(folder: Path) -> None:
    HELD.set(1)
    child = Child(lambda: HELD.set(5))
    assert total(folder, "test.apples.held") == [6]
    child.kill()
    assert total(folder, "test.apples.held") == [1]


def test_whoever_was_killed_while_taking_over_is_not_counted_twice(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Child(lambda: EATEN.add(3, "alice")).kill()

    def killed(path: Path, missing_ok: bool = False) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "unlink", killed)  # after it has added, before it has removed
    with pytest.raises(KeyboardInterrupt):
        shared.take_over_ended(folder)
    monkeypatch.undo()
    assert list(folder.glob("*.cells"))
    assert total(folder, "test.apples.eaten", "alice") == [3]
    assert not list(folder.glob("*.cells"))
    assert total(folder, "test.apples.eaten", "alice") == [3]


def test_a_histogram_is_added_bucket_by_bucket(folder: Path) -> None:
    CHEWED.record(0.5)
    CHEWED.record(1.0)  # a bound belongs to its bucket
    child = Child(lambda: [CHEWED.record(seconds) for seconds in (1.5, 9.0)] and None)
    assert total(folder, "test.chewing.duration")[:4] == [12.0, 2, 1, 1]
    child.kill()
    assert total(folder, "test.chewing.duration")[:4] == [12.0, 2, 1, 1]


def test_a_half_written_line_is_passed_over(folder: Path) -> None:
    EATEN.add(1, "alice")
    (path,) = folder.glob("*.series")
    with path.open("ab") as file:
        file.write(b'{"declaration": {"na')
    assert total(folder, "test.apples.eaten", "alice") == [1]


def test_what_newer_code_measures_otherwise_is_no_longer_added(folder: Path) -> None:
    child = Child(lambda: CHEWED.record(0.5))
    (path,) = folder.glob("*.series")
    path.write_bytes(path.read_bytes().replace(b"[1.0,2.0]", b"[1.0,3.0]"))
    CHEWED.record(0.5)
    found = [each.declaration.bounds for each in shared.add_up(folder)]
    assert sorted(found) == [(1.0, 2.0), (1.0, 3.0)]
    child.kill()


def test_a_disk_that_gets_full_stops_no_work_and_spoils_no_number(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    EATEN.add(1, "alice")
    (path,) = folder.glob("*.series")
    write = os.pwrite

    def half(file: int, content: bytes, at: int) -> int:
        return write(file, content[: len(content) // 2], at)

    def none(file: int, content: bytes, at: int) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    for full in (half, none):
        monkeypatch.setattr(os, "pwrite", full)
        EATEN.add(1, "bob")
    monkeypatch.undo()
    EATEN.add(1, "carol")
    assert total(folder, "test.apples.eaten", "alice") == [1]
    assert total(folder, "test.apples.eaten", "carol") == [1]
    assert path.read_bytes().endswith(b"\n")


def test_where_numbers_go_there_is_room_on_the_disk_before(folder: Path) -> None:
    EATEN.add(1, "alice")  # into a hole of a file on a full disk, it would end the process
    (path,) = folder.glob("*.cells")
    assert path.stat().st_blocks * 512 >= cells.STEP


def test_what_ended_is_told_though_the_disk_is_full(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Child(lambda: EATEN.add(3, "alice")).kill()

    def full(path: Path, content: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    assert total(folder, "test.apples.eaten", "alice") == [3]
