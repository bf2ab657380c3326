"""One running process, however it was started: its exit status to await, and how to end it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass

from ramet.tools.local import processes

_POLL_SECONDS = 0.05


@dataclass(slots=True, eq=False)
class Running:
    """A process. `ended` gives its exit status (negative: the signal); `mark` is its beginning."""

    pid: int
    mark: str | None
    ended: asyncio.Future[int]

    @classmethod
    def of(cls, process: subprocess.Popen[bytes]) -> Running:
        """A child of this process."""
        ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        running = cls(process.pid, processes.started(process.pid), ended)
        waiting = asyncio.create_task(_wait(process, ended))
        ended.add_done_callback(lambda _: waiting.cancel())
        return running

    @property
    def exists(self) -> bool:
        """Whether there is still such a process, zombies aside."""
        return self.mark is not None and processes.started(self.pid) == self.mark

    def send(self, number: signal.Signals) -> None:
        """Signal it, unless it has ended."""
        if self.exists:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    async def stop(self, polite: signal.Signals = signal.SIGTERM, *, timeout: float = 10.0) -> None:
        """Send `polite`, then SIGKILL after `timeout` seconds; returns when it has ended."""
        self.send(polite)
        try:
            async with asyncio.timeout(timeout):
                await asyncio.shield(self.ended)
        except TimeoutError:
            self.send(signal.SIGKILL)
            await self.ended


async def gone(everybody: Iterable[Running], *, timeout: float = 5.0) -> None:
    """Wait until none of these processes exists; after `timeout` seconds they are killed."""
    everybody = list(everybody)
    loop = asyncio.get_running_loop()
    deadline = loop.time() + timeout
    while any(one.exists for one in everybody):
        if loop.time() > deadline:
            for one in everybody:
                one.send(signal.SIGKILL)
            deadline += 1
        await asyncio.sleep(0.01)


def described(status: int) -> str:
    """An exit status in words."""
    if status >= 0:
        return f"ended with status {status}"
    try:
        return f"was ended by {signal.Signals(-status).name}"
    except ValueError:
        return f"was ended by signal {-status}"


async def _wait(process: subprocess.Popen[bytes], ended: asyncio.Future[int]) -> None:
    # Polling costs microseconds; a child watcher per platform would cost a page of code.
    while (status := process.poll()) is None:
        await asyncio.sleep(_POLL_SECONDS)
    if not ended.done():
        ended.set_result(status)
