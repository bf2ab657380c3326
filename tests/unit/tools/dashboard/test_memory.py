"""Memory adds up: every process of a family once, what is shared by its share."""

import os
from pathlib import Path

from ramet.tools.dashboard.memory import megabytes


def process(proc: Path, pid: int, parent: int, kilobytes: int | None) -> None:
    folder = proc / str(pid)
    folder.mkdir()
    (folder / "stat").write_text(f"{pid} (a name) with ) in it) S {parent} 1 1")
    if kilobytes is not None:
        (folder / "smaps_rollup").write_text(
            f"Rss: 900000 kB\nPss:   {kilobytes} kB\nPss_Dirty: 1 kB\n"
        )


def test_a_process_counts_with_its_descendants(tmp_path):
    process(tmp_path, 7, 1, 50_000)
    process(tmp_path, 8, 7, 1_000)
    process(tmp_path, 9, 8, 1_000)
    process(tmp_path, 10, 1, 90_000)
    assert megabytes({7}, proc=tmp_path) == {7: 53.248}


def test_a_descendant_that_has_its_own_line_counts_there(tmp_path):
    process(tmp_path, 7, 1, 10_000)
    process(tmp_path, 8, 7, 20_000)
    assert megabytes({7, 8}, proc=tmp_path) == {7: 10.24, 8: 20.48}


def test_a_process_of_which_nothing_is_told_is_missing(tmp_path):
    process(tmp_path, 7, 1, None)
    process(tmp_path, 8, 7, 20_000)
    assert megabytes({7, 99}, proc=tmp_path) == {}


def test_this_process_has_a_size():
    assert megabytes({os.getpid()})[os.getpid()] > 1
