"""The supervisor's end of the fork server and of the zygotes (see `ramet.processes.forking`)."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ramet.tools.local import child, processes
from ramet.tools.local.running import Running, gone


class SetupFailed(Exception):
    """A group's Django could not be set up; the text is the error in the project's own code."""


class _Channel:
    """JSON lines over one end of a socket pair whose other end belongs to a forking process."""

    def __init__(self, near: socket.socket) -> None:
        near.setblocking(False)
        self._near = near
        self._forks: dict[str, asyncio.Future[Running]] = {}
        self._children: dict[int, Running] = {}
        self.ready: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self.closed = asyncio.Event()
        self._reading = asyncio.create_task(self._read())

    @property
    def children(self) -> list[Running]:
        """Those that have not ended."""
        return list(self._children.values())

    async def fork(self, order: dict[str, Any], descriptors: tuple[int, ...] = ()) -> Running:
        """Order a fork; `order["name"]` is unique among those of this process."""
        if self.closed.is_set():
            raise ConnectionResetError("the forking process has ended")
        answer: asyncio.Future[Running] = asyncio.get_running_loop().create_future()
        self._forks[order["name"]] = answer
        line = json.dumps({**order, "descriptors": len(descriptors)}).encode() + b"\n"
        try:
            socket.send_fds(self._near, [line], descriptors)
        except OSError as error:
            del self._forks[order["name"]]
            raise ConnectionResetError("the forking process has ended") from error
        return await answer

    def close(self) -> None:
        """Close our end: the process at the other one ends, and its children with it."""
        self._reading.cancel()
        self._near.close()
        self._finish()

    async def _read(self) -> None:
        loop = asyncio.get_running_loop()
        buffer = b""
        with contextlib.suppress(OSError):
            while chunk := await loop.sock_recv(self._near, 65_536):
                *lines, buffer = (buffer + chunk).split(b"\n")
                for line in lines:
                    self._take(json.loads(line))
        self._finish()

    def _take(self, event: dict[str, Any]) -> None:
        match event.pop("event"):
            case "ready":
                self.ready.set_result(event)
            case "failed":
                self.ready.set_exception(SetupFailed(event["error"]))
            case "forked":
                pid = event["pid"]
                ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
                forked = self._children[pid] = Running(pid, processes.started(pid), ended)
                answer = self._forks.pop(event["name"])
                if not answer.done():
                    answer.set_result(forked)
            case "exited":
                forked = self._children.pop(event["pid"])
                forked.ended.set_result(event["status"])

    def _finish(self) -> None:
        """The other end is gone: nobody will tell us any more what became of its children."""
        if self.closed.is_set():
            return
        self.closed.set()
        gone = ConnectionResetError("the forking process has ended")
        waits: list[asyncio.Future[Any]] = [self.ready, *self._forks.values()]
        for waiting in waits:
            if not waiting.done():
                waiting.set_exception(gone)
                waiting.exception()  # read, so that nobody is blamed for not awaiting it
        for forked in self._children.values():
            if not forked.ended.done():
                forked.ended.set_result(-int(signal.SIGKILL))
        self._children.clear()


@dataclass(slots=True)
class Zygote:
    """One group's Django, ready to fork (`ramet.processes.zygote`)."""

    name: str
    process: Running
    channel: _Channel
    roles: tuple[str, ...] = ()
    fingerprint: str = ""
    version: str = ""

    async def set_up(self) -> None:
        """Wait until Django is set up. Raises SetupFailed, or ConnectionResetError when killed."""
        answer = await self.channel.ready
        self.roles = tuple(answer["roles"])
        self.fingerprint = answer["fingerprint"]

    async def fork(
        self, name: str, role: str, env: Mapping[str, str], log: Path, **more: Any
    ) -> Running:
        """Fork the process `name`; `more` is what the role asks for besides.

        Raises ConnectionResetError when the zygote has ended.
        """
        return await self.channel.fork(
            {"name": name, "role": role, "env": dict(env), "log": str(log), **more}
        )

    async def close(self) -> None:
        """End the zygote and every process that it forked; returns when they are gone.

        The processes are killed: stop them in order before.
        """
        everybody = [*self.channel.children, self.process]
        self.channel.close()
        await gone(everybody)


def inherited(environ: Mapping[str, str]) -> dict[str, str]:
    """What every process of every group has of `ramet up`'s own environment."""
    kept = {
        name: value
        for name, value in environ.items()
        if not name.startswith("RAMET_") and name != "DJANGO_SETTINGS_MODULE"
    }
    return {**kept, "PYTHONUNBUFFERED": "1"}


@dataclass(slots=True)
class ForkServer:
    """The fork server's process (`ramet.processes.forkserver`)."""

    log: Path
    also: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] | None = None
    _channel: _Channel | None = field(default=None)

    def launch(self, root: Path) -> None:
        """Start it without waiting; it works in `root` and inherits no variable of Ramet's."""
        near, far = socket.socketpair()
        command = [sys.executable, "-m", "ramet.processes", "forkserver"]
        with far:
            self.process = child.spawn(
                [*command, "--control", str(far.fileno()), "--also", ",".join(self.also)],
                self.log,
                cwd=root,
                env=inherited(os.environ),
                death_signal=signal.SIGKILL,
                pass_fds=[far.fileno()],
            )
        self._channel = _Channel(near)

    async def ready(self) -> None:
        """Wait until the libraries are imported."""
        assert self._channel is not None
        await self._channel.ready

    async def zygote(
        self, name: str, settings: str, root: Path, env: Mapping[str, str], log: Path
    ) -> Zygote:
        """Fork a zygote; see `Zygote.set_up`."""
        assert self._channel is not None
        near, far = socket.socketpair()
        with far:
            process = await self._channel.fork(
                {
                    "name": name,
                    "settings": settings,
                    "cwd": str(root),
                    "env": dict(env),
                    "log": str(log),
                },
                (far.fileno(),),
            )
        return Zygote(name, process, _Channel(near))

    async def ended(self) -> None:
        """Wait until it ends."""
        assert self._channel is not None
        await self._channel.closed.wait()

    def close(self) -> None:
        """End it; zygotes live on until their own channels are closed."""
        if self._channel is not None:
            self._channel.close()
            self._channel = None
        if self.process is not None:
            child.stop(self.process, signal.SIGTERM, timeout=2)
            self.process = None
