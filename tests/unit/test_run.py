"""How `make test` shows a share, ends it, and tries once more what failed."""

import subprocess
import sys
import time
from pathlib import Path

RUN = Path(__file__).parents[1] / "run.py"


def outcome(folder: Path, source: str, *options: str) -> tuple[int, str]:
    (folder / "test_it.py").write_text(f"from pathlib import Path\n\n{source}\n")
    done = subprocess.run(
        [
            sys.executable,
            str(RUN),
            "some",
            *options,
            "-q",
            "-p",
            "no:ramet",
            "-p",
            "no:django",
            "test_it.py",
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.returncode, done.stdout


def test_one_that_passes_by_itself_is_named_and_does_not_fail_the_run(tmp_path: Path) -> None:
    unsteady = """def test_once():
    with Path("seen").open("a") as seen:
        seen.write("x")
    assert Path("seen").read_text() == "xx"
"""
    code, output = outcome(tmp_path, unsteady + "\n\ndef test_always():\n    pass")

    assert code == 0, output
    assert "UNSTEADY, to be mended: test_it.py::test_once" in output
    assert "1 passed, 1 deselected" in output


def test_one_that_fails_twice_fails_the_run(tmp_path: Path) -> None:
    code, output = outcome(tmp_path, "def test_broken():\n    assert False")

    assert code == 1
    assert "once more, by themselves: test_it.py::test_broken" in output
    assert "UNSTEADY" not in output


def test_many_failures_are_no_accident(tmp_path: Path) -> None:
    tests = "\n\n".join(f"def test_{n}():\n    assert False" for n in range(4))
    code, output = outcome(tmp_path, tests)

    assert code == 1
    assert "once more" not in output


def test_what_cannot_run_is_not_tried_again(tmp_path: Path) -> None:
    code, output = outcome(tmp_path, "import nothing_of_this_name")

    assert code == 2
    assert "once more" not in output


def test_what_hangs_is_ended_and_tells_where_it_stood(tmp_path: Path) -> None:
    hanging = """import threading

def test_first():
    pass

def test_waits_for_ever():
    threading.Event().wait()
"""
    code, output = outcome(tmp_path, hanging, "--longest", "4")

    assert code != 0
    assert "some | ended, because it took longer than 4 s" in output
    assert "in test_waits_for_ever" in output


def test_whom_a_test_left_behind_holds_nothing_up(tmp_path: Path) -> None:
    leaving = """import subprocess

def test_leaves(capfd):
    with capfd.disabled():
        subprocess.Popen(["sleep", "40"])
"""
    began = time.monotonic()
    code, output = outcome(tmp_path, leaving)

    assert code == 0, output
    assert time.monotonic() - began < 35
