"""What is told of a process that ended."""

import signal
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ramet.tools.local.endings import Ending, MemoryWatch

AT = datetime(2026, 1, 2, 10, 0, 0, 123456, tzinfo=UTC)


@pytest.mark.parametrize(
    ("ending", "reason"),
    [
        (Ending(3), "ended with status 3"),
        (Ending(-9), "was ended by SIGKILL"),
        (Ending(-9, was_out_of_memory=True), "was ended by SIGKILL, when the machine was out of"),
        (Ending(-15, was_asked=True), "restarted as asked"),
    ],
)
def test_the_reason_in_words(ending: Ending, reason: str) -> None:
    assert ending.reason.startswith(reason)


def test_programs_get_the_time_and_the_status() -> None:
    assert Ending(-11, at=AT).as_json() == {
        "at": "2026-01-02T10:00:00.123Z",
        "status": -11,
        "reason": "was ended by SIGSEGV",
        "was_asked": False,
        "was_out_of_memory": False,
    }


def test_a_process_that_was_killed_while_the_kernel_killed_one_was_out_of_memory(
    tmp_path: Path,
) -> None:
    vmstat = tmp_path / "vmstat"
    vmstat.write_text("pgfault 17\noom_kill 2\n")
    watch = MemoryWatch(vmstat)
    assert not watch.has_killed(-signal.SIGKILL)
    vmstat.write_text("pgfault 18\noom_kill 3\n")
    assert watch.has_killed(-signal.SIGKILL)
    assert not watch.has_killed(1)
    assert not watch.has_killed(-signal.SIGTERM)


def test_where_the_kernel_tells_nothing_nothing_is_claimed(tmp_path: Path) -> None:
    assert not MemoryWatch(tmp_path / "none").has_killed(-signal.SIGKILL)
