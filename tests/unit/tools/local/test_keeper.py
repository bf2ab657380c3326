"""A kept process: started, watched, restarted, replaced, ended."""

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from unittest.mock import Mock

import pytest

from ramet.errors import DiagnosticError
from ramet.tools.local import child
from ramet.tools.local.keeper import Keeper
from ramet.tools.local.processes import Process
from ramet.tools.local.running import Running

SERVE = """
import os, pathlib, sys, time
pathlib.Path(sys.argv[1]).write_text(str(os.getpid()))
time.sleep(60)
"""
WHEN_ALLOWED = """
import pathlib, sys, time
while not pathlib.Path(sys.argv[1]).with_name("allowed").exists():
    time.sleep(0.01)
"""
FAIL = "import sys; sys.exit('no such table: orders')"


class Kept:
    """A keeper whose process runs `code` with the path of a file that has its pid when ready."""

    def __init__(self, tmp_path: Path, code: str = SERVE, *, overlapping: bool = False) -> None:
        self.code = code
        self.draft = tmp_path / "draft"
        self.final = tmp_path / "final"
        self.said: list[str] = []
        self.predecessor_ran: list[bool] = []
        self.starts = 0
        log = tmp_path / "kept.log"

        async def start() -> Running:
            self.starts += 1
            self.draft.unlink(missing_ok=True)
            return Running.of(child.spawn([sys.executable, "-c", self.code, self.draft], log))

        async def is_ready() -> bool:
            return self.draft.exists()

        def take_over() -> None:
            running = self.keeper.running
            self.predecessor_ran.append(running is not None and running.exists)
            self.draft.replace(self.final)

        self.allowed = tmp_path / "allowed"
        self.keeper = Keeper(
            Process("kept", "web", "kept-web"),
            start,
            is_ready,
            log,
            self.said.append,
            lambda: None,
            take_over=take_over if overlapping else None,
        )


def _run(
    tmp_path: Path,
    scenario: Callable[[Kept], Awaitable[None]],
    code: str = SERVE,
    *,
    overlapping: bool = False,
) -> None:
    async def run() -> None:
        kept = Kept(tmp_path, code, overlapping=overlapping)
        kept.keeper.begin()
        try:
            async with asyncio.timeout(30):
                await scenario(kept)
        finally:
            await kept.keeper.stop()
            assert kept.keeper.process.state == "stopped"

    asyncio.run(run())


async def _until(condition: Callable[[], object]) -> None:
    while not condition():
        await asyncio.sleep(0.01)


def test_a_process_that_ends_before_it_is_ready_fails_with_its_last_lines(tmp_path: Path) -> None:
    async def scenario(kept: Kept) -> None:
        with pytest.raises(DiagnosticError) as caught:
            await kept.keeper.first_ready
        assert caught.value.mistakes[0].reference == "process-ended"
        assert "ended with status 1 before it was ready" in str(caught.value)
        assert "no such table: orders" in str(caught.value)
        assert kept.keeper.process.state == "failed"

    _run(tmp_path, scenario, FAIL)


def test_a_killed_process_runs_again_with_another_pid(tmp_path: Path) -> None:
    async def scenario(kept: Kept) -> None:
        await kept.keeper.first_ready
        first = kept.keeper.running
        assert first is not None
        first.send(signal.SIGKILL)
        await _until(lambda: kept.keeper.running not in (None, first))
        await _until(lambda: kept.keeper.process.state == "running")
        assert kept.keeper.process.restarts == 1
        assert kept.said == ["kept-web was ended by SIGKILL; starting it again"]

    _run(tmp_path, scenario)


def test_a_restart_is_no_crash(tmp_path: Path) -> None:
    async def scenario(kept: Kept) -> None:
        await kept.keeper.first_ready
        first = kept.keeper.process.pid
        await kept.keeper.restart()
        assert kept.keeper.process.state == "running"
        assert kept.keeper.process.pid != first
        assert kept.said == []

    _run(tmp_path, scenario)


def test_a_successor_is_ready_before_its_predecessor_ends(tmp_path: Path) -> None:
    async def scenario(kept: Kept) -> None:
        await kept.keeper.first_ready
        predecessor = kept.keeper.running
        assert predecessor is not None
        await kept.keeper.restart()
        assert kept.predecessor_ran == [True, True], "itself at first, then its predecessor"
        assert not predecessor.exists
        assert kept.final.exists()

    _run(tmp_path, scenario, overlapping=True)


def test_a_successor_that_fails_leaves_its_predecessor_running(tmp_path: Path) -> None:
    async def scenario(kept: Kept) -> None:
        await kept.keeper.first_ready
        predecessor = kept.keeper.running
        kept.code = FAIL
        with pytest.raises(DiagnosticError, match="the old one goes on"):
            await kept.keeper.restart()
        assert kept.keeper.running is predecessor
        assert kept.keeper.process.state == "running"

    _run(tmp_path, scenario, overlapping=True)


async def _killed_while_its_successor_starts(kept: Kept, code: str) -> asyncio.Task[None]:
    """A restart whose successor runs `code`, once the predecessor was killed and is known to be."""
    await kept.keeper.first_ready
    predecessor = kept.keeper.running
    assert predecessor is not None
    kept.code = code
    restart = asyncio.create_task(kept.keeper.restart())
    await _until(lambda: kept.starts == 2)
    predecessor.send(signal.SIGKILL)
    await _until(lambda: kept.said == ["kept-web was ended by SIGKILL; starting it again"])
    kept.code = SERVE
    return restart


def test_a_predecessor_killed_while_its_successor_starts_is_not_started_again(
    tmp_path: Path,
) -> None:
    async def scenario(kept: Kept) -> None:
        restart = await _killed_while_its_successor_starts(kept, WHEN_ALLOWED + SERVE)
        kept.allowed.touch()
        await restart
        assert kept.starts == 2, "its successor is what follows it"
        assert kept.keeper.process.state == "running"
        assert kept.final.read_text() == str(kept.keeper.process.pid), "who is kept is reached"

    _run(tmp_path, scenario, overlapping=True)


def test_where_the_successor_ends_as_well_another_one_is_started(tmp_path: Path) -> None:
    async def scenario(kept: Kept) -> None:
        restart = await _killed_while_its_successor_starts(kept, WHEN_ALLOWED + FAIL)
        kept.allowed.touch()
        with pytest.raises(DiagnosticError, match="before it was ready"):
            await restart
        await _until(lambda: kept.keeper.process.state == "running")
        assert kept.final.read_text() == str(kept.keeper.process.pid)

    _run(tmp_path, scenario, overlapping=True)


def test_a_restart_keeps_again_what_nobody_kept_any_more(tmp_path: Path) -> None:
    async def scenario(kept: Kept) -> None:
        await kept.keeper.first_ready
        take_over, first = kept.keeper.take_over, kept.keeper.running
        kept.keeper.take_over = Mock(side_effect=FileNotFoundError("its folder was removed"))
        assert first is not None
        first.send(signal.SIGKILL)
        await _until(lambda: kept.keeper.process.state == "failed")
        assert "its folder was removed" in kept.keeper.process.note

        kept.keeper.take_over = take_over
        unkept = kept.keeper.running
        await kept.keeper.restart()
        assert kept.keeper.process.state == "running"
        assert kept.final.read_text() == str(kept.keeper.process.pid)
        assert unkept is not None
        assert not unkept.exists

    _run(tmp_path, scenario, overlapping=True)


def test_each_end_is_kept_with_its_reason(tmp_path: Path) -> None:
    async def scenario(kept: Kept) -> None:
        await kept.keeper.first_ready
        first = kept.keeper.running
        assert first is not None
        first.send(signal.SIGKILL)
        await _until(lambda: kept.keeper.running not in (None, first))
        await _until(lambda: kept.keeper.process.state == "running")
        await kept.keeper.restart()
        killed, asked = kept.keeper.process.endings
        assert (killed.status, killed.was_asked) == (-signal.SIGKILL, False)
        assert (asked.status, asked.was_asked) == (-signal.SIGTERM, True)
        told = kept.keeper.process.as_json()
        assert [each["reason"] for each in told["endings"]] == [
            "was ended by SIGKILL",
            "restarted as asked",
        ]

    _run(tmp_path, scenario)


def test_a_stopped_process_stays_stopped_until_it_is_begun_again(tmp_path: Path) -> None:
    async def scenario(kept: Kept) -> None:
        await kept.keeper.first_ready
        first = kept.keeper.process.pid
        await kept.keeper.stop()
        assert kept.keeper.process.as_json()["started_at"] is None
        assert (kept.keeper.process.state, kept.keeper.process.pid) == ("stopped", None)
        kept.draft.unlink()
        kept.keeper.begin()
        await kept.keeper.first_ready
        assert kept.keeper.process.state == "running"
        assert kept.keeper.process.pid not in (None, first)
        assert kept.keeper.process.started_at is not None

    _run(tmp_path, scenario)


def test_a_process_that_is_begun_twice_is_one_process(tmp_path: Path) -> None:
    async def scenario(kept: Kept) -> None:
        await kept.keeper.first_ready
        await kept.keeper.stop()
        starts = 0
        start = kept.keeper.start

        async def counted() -> Running:
            nonlocal starts
            starts += 1
            return await start()

        kept.keeper.start = counted
        kept.keeper.begin()
        kept.keeper.begin()
        await kept.keeper.first_ready
        await _until(lambda: kept.keeper.process.state == "running")
        assert starts == 1

    _run(tmp_path, scenario)
