"""One `ramet up`, from the lock that makes it the only one to the last process gone."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any

from ramet.errors import DiagnosticError, Mistake
from ramet.tools.local import changes, control, processes
from ramet.tools.local.folder import Folder
from ramet.tools.local.keeper import Report
from ramet.tools.local.plan import Plan
from ramet.tools.local.state import StateFile
from ramet.tools.local.supervisor import Supervisor

_LOOK_SECONDS = 1.0


class AlreadyRunning(Exception):
    """Another supervisor runs this system."""


@contextlib.contextmanager
def only_one(folder: Folder) -> Iterator[None]:
    """Hold the system's lock; the kernel gives it back however we end. Raises AlreadyRunning."""
    try:
        folder.path.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(folder.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except PermissionError as error:
        raise DiagnosticError(
            Mistake(
                reference="folder-of-another-user",
                where=str(folder.path),
                found=f"a folder that we may not write to: {error.strerror}",
                expected="our own folder for the local system's state",
                remedy="run ramet as the user who started it first, or remove the folder",
            )
        ) from None
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning from None
        yield
    finally:
        os.close(descriptor)


async def run(
    plan: Plan, folder: Folder, report: Report, on_ready: Callable[[dict[str, Any]], None]
) -> None:
    """Start the system, call `on_ready` with its status, and serve until asked to stop.

    SIGINT, SIGTERM and `stop` on the control socket end it in order; a second signal ends the
    services without waiting for what they have in hand. Raises DiagnosticError when it cannot
    start; nothing is left running then either.
    """
    supervisor = Supervisor(plan, folder, report)
    stop = supervisor.control.stop_requested
    _take_signals(supervisor, stop, report)
    # Open from the start: the number of a removed folder is given to the next one that is made.
    ours = os.open(folder.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    removed = asyncio.create_task(_stop_when_removed(folder, ours, report, stop))
    try:
        if not await _start(supervisor, stop):
            return
        on_ready(supervisor.snapshot())
        watching = asyncio.create_task(
            changes.watch(plan.system, supervisor.operations.reload, report, stop),
            name="watch files",
        )
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({watching, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not stop.is_set() and watching.exception() is not None:
            report(f"files are watched no more: {watching.exception()!r}")
        await stopping
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching  # a bug in the watcher ends with its traceback
    finally:
        removed.cancel()
        os.close(ours)
        await supervisor.stop()


def stop(folder: Folder, *, timeout: float = 40.0) -> bool:
    """End the system that runs in `folder`, or what a killed one left; False if there was nothing.

    Returns when no process is left. Raises DiagnosticError if that takes longer than `timeout`.
    """
    state = StateFile(folder)
    pid = state.running_supervisor()
    if pid is None:
        had_state = folder.state.exists() or folder.run.exists()
        state.end_leftovers()
        return had_state
    mark = processes.started(pid)
    with contextlib.suppress(ConnectionError, TimeoutError):
        control.ask(folder.control, {"command": "stop"}, timeout=5)
    deadline = time.monotonic() + timeout
    asked_again = False
    # Its state file goes a moment before itself: whoever starts again at once needs its lock.
    while processes.started(pid) == mark:
        if not asked_again and time.monotonic() > deadline - timeout / 2:
            os.kill(pid, signal.SIGTERM)
            asked_again = True
        if time.monotonic() > deadline:
            raise DiagnosticError(
                Mistake(
                    reference="supervisor-does-not-end",
                    where=f"process {pid}",
                    found=f"it still runs after {timeout:g} seconds",
                    expected="a supervisor that ends its processes and then itself",
                    remedy=f"kill -9 {pid}, then `ramet down` once more",
                )
            )
        time.sleep(0.05)
    state.end_leftovers()
    return True


async def _start(supervisor: Supervisor, stop: asyncio.Event) -> bool:
    """Start; False when we were asked to stop meanwhile."""
    starting = asyncio.create_task(supervisor.start())
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not starting.done():
        starting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await starting
        return False
    await starting
    return True


async def _stop_when_removed(
    folder: Folder, ours: int, report: Report, stop: asyncio.Event
) -> None:
    """Ask to stop once the folder is gone, or is another one: no command could find us any more."""
    while _is_same(folder, ours):
        await asyncio.sleep(_LOOK_SECONDS)
    report(f"{folder.path} was removed: stopping ...")
    stop.set()


def _is_same(folder: Folder, descriptor: int) -> bool:
    try:
        return os.path.samestat(folder.path.stat(), os.fstat(descriptor))
    except OSError:
        return False


def _take_signals(supervisor: Supervisor, stop: asyncio.Event, report: Report) -> None:
    def asked() -> None:
        if stop.is_set():
            supervisor.kill()
        else:
            report("stopping ...")
            stop.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, asked)
