"""Keep one fork server running (`forks.ForkServer`); a group's zygote comes from it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from ramet.system import Service
from ramet.tools.local.backoff import Backoff
from ramet.tools.local.folder import Folder
from ramet.tools.local.forks import ForkServer
from ramet.tools.local.keeper import Report
from ramet.tools.local.plan import Plan


class ForkServerKeeper:
    """Starts the fork server, and another one whenever it ends, until `close`."""

    def __init__(
        self, plan: Plan, folder: Folder, report: Report, changed: Callable[[], None]
    ) -> None:
        self._root = plan.system.root
        self._log = folder.logs / "forkserver.log"
        self._also = _also_import(plan)
        self._report = report
        self._changed = changed
        self._server: ForkServer | None = None
        self._is_ready = asyncio.Event()
        self._closed = False

    @property
    def pid(self) -> int | None:
        """Of its process; None when there is none."""
        if self._server is None or self._server.process is None:
            return None
        return self._server.process.pid

    async def ready(self) -> ForkServer:
        """Wait until there is one that has imported the libraries."""
        await self._is_ready.wait()
        assert self._server is not None
        return self._server

    async def keep(self) -> None:
        """Have one running until `close`."""
        backoff = Backoff()
        while not self._closed:
            server = self._server = ForkServer(self._log, self._also)
            server.launch(self._root)
            with contextlib.suppress(ConnectionResetError):
                await server.ready()
                self._is_ready.set()
                self._changed()
                await server.ended()
            self._is_ready.clear()
            if not self._closed:
                self._report("the fork server ended; starting a new one")
                await asyncio.sleep(backoff.next_delay())

    def close(self) -> None:
        """End it for good."""
        self._closed = True
        if self._server is not None:
            self._server.close()


def _also_import(plan: Plan) -> tuple[str, ...]:
    """Celery, if several groups have tasks; one alone imports it while others import theirs."""
    system = plan.system

    def has_tasks(service: Service) -> bool:
        folders = [system.root.joinpath(*app.split(".")) for app in service.apps]
        return any((folder / "tasks.py").exists() for folder in folders)

    groups = [
        group
        for group in plan.django_groups
        if any(has_tasks(system.services[name]) for name in group.services)
    ]
    return ("celery.app.base", "celery.app.task") if len(groups) > 1 else ()
