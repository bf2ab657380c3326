"""Keep one process running: start it, see that it is ready, start it again when it ends."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from ramet.errors import DiagnosticError, Mistake
from ramet.tools.local import child
from ramet.tools.local.backoff import Backoff
from ramet.tools.local.endings import Ending, MemoryWatch
from ramet.tools.local.processes import Process
from ramet.tools.local.running import Running, described, gone

Report = Callable[[str], None]
"""Tells the person at the terminal one thing that happened."""


class NotNow(Exception):
    """What `start` needs is gone; ask again at once, it waits until that is back."""


@dataclass(slots=True)
class Keeper:
    """Runs `process` until `stop`.

    `start` starts it; `is_ready` is asked until it says yes. `attempts` is how often it may end
    before it was ever ready; then `first_ready` raises DiagnosticError with the log's last lines.
    Whoever was ready once is started again for ever, with a growing back-off.

    `take_over` makes a process that is ready the one that others reach. With it, `restart` starts
    the successor beside its predecessor, so that nobody finds the door closed in between. Nor are
    two started at once where the predecessor is killed meanwhile: they are ready in the same place,
    and one would take it from the other.
    """

    process: Process
    start: Callable[[], Awaitable[Running]]
    is_ready: Callable[[], Awaitable[bool]]
    log: Path
    report: Report
    changed: Callable[[], None]
    attempts: int = 1
    polite: signal.Signals = signal.SIGTERM
    grace: float = 10.0
    ready_within: float = 60.0
    take_over: Callable[[], None] | None = None
    running: Running | None = None
    first_ready: asyncio.Future[None] = field(init=False)
    _backoff: Backoff = field(default_factory=Backoff)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _starting: asyncio.Lock = field(default_factory=asyncio.Lock)
    _successor: Running | None = None
    _expected_end: bool = False
    _stopping: bool = False
    _task: asyncio.Task[None] | None = None
    _memory: MemoryWatch = field(default_factory=MemoryWatch)

    def __post_init__(self) -> None:
        self.first_ready = asyncio.get_running_loop().create_future()

    def begin(self) -> None:
        """Start keeping, also after `stop`; await `first_ready` to know that it works.

        Asked again while it keeps already, as a double click does, it goes on.
        """
        if self._task is not None and not self._task.done():
            return
        if self._stopping:
            self._stopping = False
            self.running = self._successor = None
            self._backoff.forget()
            self.first_ready = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._keep(), name=f"keep {self.process.name}")
        self._task.add_done_callback(self._keeping_ended)

    async def restart(self) -> None:
        """Replace the process in order; returns when the new one is ready.

        Raises DiagnosticError, with the old process still running, when a successor ends too early.
        """
        self._backoff.forget()
        previous = self.running
        if self.take_over is not None and previous is not None and self.process.state == "running":
            self._become("restarting", pid=previous.pid)
            try:
                async with self._starting:
                    self._successor = await self._start_successor(self.take_over)
            finally:
                if self.running is previous:
                    self._become("running", pid=previous.pid)
        if not self._stopping:
            self.begin()  # where keeping itself has failed
        self._expected_end = True
        self._wake.set()
        if previous is not None:
            self._become("restarting", pid=previous.pid)
            await previous.stop(self.polite, timeout=self.grace)
        while not self._stopping and (
            self.process.state != "running" or self.running in (None, previous)
        ):
            await asyncio.sleep(0.01)
            if self.process.state == "failed":
                return

    async def stop(self) -> None:
        """End the process, until `begin`; returns when it is gone."""
        self._stopping = True
        self._wake.set()
        if self._successor is not None:
            await self._successor.stop(self.polite, timeout=self.grace)
        # Kept here: the keeping task forgets it as soon as it has ended.
        if (running := self.running) is not None:
            self._become("stopping", pid=running.pid)
            await running.stop(self.polite, timeout=self.grace)
            await gone([running])
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})  # it may have to end what it was just starting
        if not self.first_ready.done():
            self.first_ready.cancel()
        self._become("stopped")

    def kill(self) -> None:
        """End it without waiting for what it has in hand."""
        if self.running is not None:
            self.running.send(signal.SIGKILL)

    async def _keep(self) -> None:
        while not self._stopping:
            async with self._starting:
                became_ready = await self._start_next()
            if self.running is not None:
                await self._end_of(self.running, became_ready=became_ready)

    async def _start_next(self) -> bool:
        """Have the successor running that `restart` started, or a new one; whether it is ready."""
        self._expected_end = False
        self._wake.clear()
        if self._successor is not None:
            self.running, self._successor = self._successor, None
            self._become("running", pid=self.running.pid)
            return True
        try:
            self.running = await self.start()
        except NotNow:
            return False
        except DiagnosticError as error:
            await self._failed_to_start(error)
            return False
        self._become("starting", pid=self.running.pid)
        if not await self._wait_until_ready(self.running):
            return False
        if self.take_over is not None:
            self.take_over()
        self._become("running", pid=self.running.pid)
        if not self.first_ready.done():
            self.first_ready.set_result(None)
        return True

    async def _end_of(self, running: Running, *, became_ready: bool) -> None:
        status = await running.ended
        await gone([running])
        self.running = None
        if not self._stopping:
            await self._ended(status, became_ready=became_ready)

    async def _start_successor(self, take_over: Callable[[], None]) -> Running:
        while True:
            try:
                successor = await self.start()
                break
            except NotNow:
                continue
        if not await self._wait_until_ready(successor):
            status = await successor.ended
            raise self._diagnosis(f"{described(status)} before it was ready; the old one goes on")
        take_over()
        return successor

    async def _wait_until_ready(self, running: Running) -> bool:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self.ready_within
        while not running.ended.done():
            if await self.is_ready():
                return True
            if loop.time() > deadline:
                running.send(signal.SIGKILL)
            await asyncio.sleep(0.01)
        return False

    async def _ended(self, status: int, *, became_ready: bool) -> None:
        self.process.restarts += 1
        self.process.endings.append(
            Ending(status, self._expected_end, self._memory.has_killed(status))
        )
        self._memory = MemoryWatch()
        if self._expected_end:
            self._become("restarting")
            return
        delay = self._backoff.next_delay()
        what = self.process.endings[-1].reason
        if (
            not became_ready
            and not self.first_ready.done()
            and self.process.restarts < self.attempts
        ):
            self._become("restarting", note=what)
            await self._pause(max(delay, 0.1))
            return
        if not became_ready and not self.first_ready.done():
            self._become("failed", note=what)
            self._fail_first(self._diagnosis(f"{what} before it was ready"))
            await self._wake.wait()
            return
        if delay == 0:
            self.report(f"{self.process.name} {what}; starting it again")
            self._become("restarting", note=what)
            return
        self._become("failed", note=what)
        error = self._diagnosis(f"{what} again; the next attempt is in {delay:g} s")
        self.report(str(error))
        await self._pause(delay)

    async def _failed_to_start(self, error: DiagnosticError) -> None:
        self._become("failed", note=error.mistakes[0].reference)
        if not self.first_ready.done():
            self._fail_first(error)
            await self._wake.wait()
        else:
            self.report(str(error))
            await self._pause(self._backoff.next_delay() or 0.5)

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return

    def _fail_first(self, error: DiagnosticError) -> None:
        self.first_ready.set_exception(error)
        self.first_ready.exception()  # read: a start that is cut short awaits it no more

    def _diagnosis(self, found: str) -> DiagnosticError:
        lines = child.last_lines(self.log)
        return DiagnosticError(
            Mistake(
                reference="process-ended",
                where=self.process.name,
                found=f"it {found}\n{lines}" if lines else f"it {found}",
                expected=f"a {self.process.role} process that runs",
                remedy=f"correct what its last lines say; all of them are in {self.log}",
            )
        )

    def _become(self, state: str, *, pid: int | None = None, note: str = "") -> None:
        self.process.become(state, pid=pid, note=note)  # type: ignore[arg-type]
        self.changed()

    def _keeping_ended(self, task: asyncio.Task[None]) -> None:
        """A bug in the keeper itself must not leave a process unkept in silence."""
        if not task.cancelled() and (error := task.exception()) is not None:
            self._become("failed", note=repr(error))
            if not self.first_ready.done():
                self.first_ready.set_exception(error)
            asyncio.get_running_loop().call_exception_handler(
                {"message": f"keeper of {self.process.name}", "exception": error}
            )
