"""What a stage of the work remembers: the same bytes as without, and only while nothing changed."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from ramet.tools.assess.source.store import Store


class Price(msgspec.Struct):
    """A result with a number that may be written in two ways."""

    days: float


class Counted:
    """Makes a result, and knows how often."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> Price:
        self.times += 1
        return Price(days=0)


def test_a_stage_is_worked_out_once_and_reads_the_same_each_time(tmp_path: Path) -> None:
    """A sum of nothing is an int where it is made, and a float where it is read."""
    compute = Counted()
    told = []
    for _ in range(3):
        store = Store(tmp_path / "kept", b"1")
        made = store.remembered("price", ["a", 1], Price, compute)
        told.append(msgspec.json.encode(made))
        store.save()
    assert compute.times == 1
    assert told == [b'{"days":0.0}'] * 3


@pytest.mark.parametrize(
    ("version", "stage", "inputs"),
    [(b"2", "price", ["a"]), (b"1", "prices", ["a"]), (b"1", "price", ["b"])],
)
def test_of_another_version_stage_or_input_nothing_is_remembered(
    tmp_path: Path, version: bytes, stage: str, inputs: list[str]
) -> None:
    """Else it would say what was true once."""
    compute = Counted()
    first = Store(tmp_path / "kept", b"1")
    first.remembered("price", ["a"], Price, compute)
    first.save()
    Store(tmp_path / "kept", version).remembered(stage, inputs, Price, compute)
    assert compute.times == 2


def test_what_no_run_asked_for_again_is_dropped(tmp_path: Path) -> None:
    """A store does not grow with the edits of a year."""
    path = tmp_path / "kept"
    for number in range(20):
        store = Store(path, b"1")
        store.remembered("text", number, str, lambda: "x" * 10_000)
        store.save()
    assert path.stat().st_size < 20_000


def test_a_name_that_is_no_utf8_is_worked_out_each_time(tmp_path: Path) -> None:
    """It cannot be encoded, so neither can what it is part of."""
    compute = Counted()
    store = Store(tmp_path / "kept", b"1")
    for _ in range(2):
        assert store.remembered("price", "caf\udce9", Price, compute).days == 0
    assert compute.times == 2


def test_a_store_that_was_cut_off_is_none(tmp_path: Path) -> None:
    """A crash or a full disk costs time alone."""
    compute = Counted()
    path = tmp_path / "kept"
    store = Store(path, b"1")
    store.remembered("price", "a", Price, compute)
    store.save()
    path.write_bytes(path.read_bytes()[:-1])
    Store(path, b"1").remembered("price", "a", Price, compute)
    assert compute.times == 2


def test_a_store_with_nothing_in_it_is_none(tmp_path: Path) -> None:
    """A full disk leaves such a file, which cannot be mapped."""
    (tmp_path / "kept").touch()
    compute = Counted()
    assert Store(tmp_path / "kept", b"1").remembered("price", "a", Price, compute).days == 0
    assert compute.times == 1


def test_what_another_run_writes_is_nothing_to_one_that_has_begun(tmp_path: Path) -> None:
    """Two at once on one project: each goes on with the store that it has opened."""
    path = tmp_path / "kept"
    first = Store(path, b"1")
    key, other = b"k" * 16, b"o" * 16
    first.put(key, b"old" * 10_000)
    first.save()
    begun = Store(path, b"1")
    another = Store(path, b"1")
    another.put(other, b"new")
    another.save()
    assert begun.get(key) == b"old" * 10_000
    begun.put(other, b"newer")
    begun.save()
    last = Store(path, b"1")
    assert (last.get(key), last.get(other)) == (b"old" * 10_000, b"newer")


def test_whichever_bit_of_a_store_is_another_nothing_wrong_is_remembered(tmp_path: Path) -> None:
    """A disk or a memory that fails: what is damaged is worked out anew, the rest is not."""
    path = tmp_path / "kept"
    store = Store(path, b"1")
    for number in range(3):
        store.remembered("text", number, str, lambda: "true" * 10)
    store.save()
    content = path.read_bytes()
    anew: list[int] = []
    worked_out: list[int] = []

    def again() -> str:
        anew.append(1)
        return "true" * 10

    for bit in range(len(content) * 8):
        damaged = bytearray(content)
        damaged[bit // 8] ^= 1 << bit % 8
        path.write_bytes(damaged)
        store = Store(path, b"1")
        before = len(anew)
        told = [store.remembered("text", number, str, again) for number in range(3)]
        assert told == ["true" * 10] * 3
        worked_out.append(len(anew) - before)
    assert worked_out.count(1) > len(worked_out) / 2
    assert worked_out.count(0) == 0
