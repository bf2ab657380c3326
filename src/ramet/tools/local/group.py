"""The processes of one group of Django services: its zygote, web processes, worker and Celery."""

from __future__ import annotations

import asyncio
import functools
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from ramet.errors import DiagnosticError, Mistake
from ramet.system import Group, System, probes
from ramet.tools.local import child, http
from ramet.tools.local.backoff import Backoff
from ramet.tools.local.environment import Environments, instance, probe_socket, web_socket
from ramet.tools.local.files import write_private
from ramet.tools.local.folder import Folder
from ramet.tools.local.forks import ForkServer, SetupFailed, Zygote
from ramet.tools.local.keeper import Keeper, NotNow, Report
from ramet.tools.local.processes import Process
from ramet.tools.local.running import Running, gone
from ramet.tools.local.together import together
from ramet.tools.local.version import NAME as VERSION
from ramet.tools.local.version import version_of


@dataclass(slots=True)
class Surroundings:
    """What all groups share."""

    system: System
    folder: Folder
    environments: Environments
    fork_server: Callable[[], Awaitable[ForkServer]]
    databases_ready: asyncio.Event
    report: Report
    changed: Callable[[], None]


@dataclass(slots=True)
class GroupProcesses:
    """Starts, replaces, scales and stops the processes of `group`."""

    group: Group
    around: Surroundings
    web: list[Keeper] = field(default_factory=list)
    background: dict[str, Keeper] = field(default_factory=dict)
    zygote: Zygote | None = None
    _has_zygote: asyncio.Event = field(default_factory=asyncio.Event)
    _watching: asyncio.Task[None] | None = None
    _zygote_ends: Backoff = field(default_factory=Backoff)
    is_stopped: bool = False
    """Whether its services are stopped, as an operator has it: the zygote alone is there."""
    _stopping: bool = False
    _changing: asyncio.Lock = field(default_factory=asyncio.Lock)
    _zygotes_made: int = 0

    @property
    def processes(self) -> list[Process]:
        """For `status`."""
        return [keeper.process for keeper in self._keepers]

    @property
    def internal(self) -> list[Running]:
        """The zygote, which `status` does not show but a clean-up must know."""
        return [self.zygote.process] if self.zygote is not None else []

    @property
    def version(self) -> str:
        """Of the code that its processes run, "" where that is not known; see `version`."""
        return self.zygote.version if self.zygote is not None else ""

    @property
    def sockets(self) -> list[Path]:
        """Where its web processes serve, or the first will; none while it is stopped."""
        if self.is_stopped:
            return []
        run = self.around.folder.run
        return [web_socket(run, self.group.name, n + 1) for n in range(len(self.web) or 1)]

    async def begin(self) -> None:
        """Set Django up, migrate if something changed, serve. Returns when requests are answered.

        Raises DiagnosticError when the services' code does not load, cannot be migrated, or the web
        process ends.
        """
        try:
            zygote = await self._new_zygote()
        except SetupFailed as failure:
            raise self._setup_diagnosis(failure) from None
        await self._migrate(zygote)
        self._adopt(zygote)
        self.web.append(self._keeper("web", 1))
        self.web[0].begin()
        await self.web[0].first_ready

    async def begin_background(self) -> None:
        """Start the worker and Celery, where this group needs them."""
        for role in self._background_roles():
            keeper = self.background[role] = self._keeper(role)
            keeper.begin()
        await asyncio.gather(*(keeper.first_ready for keeper in self.background.values()))

    async def halt(self, publish: Callable[[], None]) -> None:
        """End its processes until `resume`; `publish` tells the gateway, before they end."""
        async with self._changing:
            self.is_stopped = True
            publish()
            await asyncio.gather(*(keeper.stop() for keeper in self._keepers))

    async def resume(self, publish: Callable[[], None]) -> None:
        """Start the processes again that `halt` ended; returns when requests are answered."""
        async with self._changing:
            self.is_stopped = False
            for keeper in self._keepers:
                keeper.begin()
            try:
                await together(keeper.first_ready for keeper in self.web)
            finally:
                publish()
            await asyncio.gather(*(keeper.first_ready for keeper in self.background.values()))

    async def ready_zygote(self) -> Zygote:
        """What forks its processes, as soon as there is one."""
        await self._has_zygote.wait()
        assert self.zygote is not None
        return self.zygote

    async def reload(self, why: str) -> bool:
        """Replace all processes by ones that run the code as it is now; while it is stopped, none.

        If that code does not load, or its migrations fail, the old processes go on, the error
        is reported, and False is returned: the next save tries again.
        """
        async with self._changing:
            try:
                zygote = await self._new_zygote()
            except SetupFailed as failure:
                self.around.report(str(self._setup_diagnosis(failure)))
                return False
            try:
                await self._migrate(zygote)
            except DiagnosticError as error:
                self.around.report(str(error))
                await zygote.close()
                return False
            previous = self.zygote
            self._adopt(zygote)
            try:
                if not self.is_stopped:
                    # Web first: it is what somebody waits for.
                    await together(keeper.restart() for keeper in self.web)
            except DiagnosticError as error:
                self.around.report(str(error))
                await self._return_to(previous)
                return False
            if not self.is_stopped:
                await self._reload_background()
            if previous is not None:
                await previous.close()
            self.around.report(f"{self.group.name} restarted ({why})")
            return True

    async def scale(self, count: int, publish: Callable[[], None]) -> None:
        """Have `count` web processes; `publish` tells the gateway which sockets there are."""
        async with self._changing:
            if self.is_stopped:
                raise _is_stopped(self.group.name)
            added = [self._keeper("web", n) for n in range(len(self.web) + 1, count + 1)]
            for keeper in added:
                keeper.begin()
            results = await asyncio.gather(
                *(keeper.first_ready for keeper in added), return_exceptions=True
            )
            for failure in results:
                if isinstance(failure, BaseException):
                    await asyncio.gather(*(keeper.stop() for keeper in added))
                    raise failure
            removed = self.web[count:]
            self.web = [*self.web[:count], *added]
            publish()
            # granian finishes the requests in hand before it ends.
            await asyncio.gather(*(keeper.stop() for keeper in removed))
            for number in range(count + 1, count + 1 + len(removed)):
                web_socket(self.around.folder.run, self.group.name, number).unlink(missing_ok=True)
            self.around.changed()

    async def stop(self) -> None:
        """End everything in order; workers and web together, the zygote last."""
        self._stopping = True
        await asyncio.gather(*(keeper.stop() for keeper in self._keepers))
        if self._watching is not None:
            self._watching.cancel()
        if self.zygote is not None:
            await self.zygote.close()
            self.zygote = None

    def kill(self) -> None:
        """End everything at once."""
        for keeper in self._keepers:
            keeper.kill()

    @property
    def _keepers(self) -> list[Keeper]:
        return [*self.web, *self.background.values()]

    def _keeper(self, role: str, number: int = 1) -> Keeper:
        name = instance(self.group, role, number)
        log = self.around.folder.logs / f"{name}.log"
        process = Process("+".join(self.group.services), role, name)
        environment = {"RAMET_INSTANCE": name}
        report, changed = self.around.report, self.around.changed
        if role != "web":
            probe = probe_socket(self.around.folder.run, name)
            environment["RAMET_PROBES"] = f"unix:{probe}"

            async def works() -> bool:
                return await http.status_of(probe, probes.LIVE) == 200

            start = functools.partial(self._fork, name, role, environment, log)
            return Keeper(process, start, works, log, report, changed)

        socket = web_socket(self.around.folder.run, self.group.name, number)
        # It listens under a name of its own, which then replaces that of its predecessor.
        draft = socket.with_suffix(".new")
        environment["RAMET_SOCKET"] = str(draft)

        async def is_ready() -> bool:
            return await http.status_of(draft, probes.READY) == 200

        def take_over() -> None:
            draft.replace(socket)

        start = functools.partial(self._fork, name, role, environment, log)
        return Keeper(process, start, is_ready, log, report, changed, take_over=take_over)

    async def _fork(self, name: str, role: str, environment: dict[str, str], log: Path) -> Running:
        zygote = await self.ready_zygote()
        try:
            return await zygote.fork(name, role, environment, log)
        except ConnectionResetError:
            if self.zygote is zygote:  # until `_watch` has another one
                self._has_zygote.clear()
            raise NotNow from None

    async def _new_zygote(self) -> Zygote:
        self._zygotes_made += 1
        root = self.around.system.root
        version = await asyncio.to_thread(version_of, root)
        own = self.around.environments.of_group(self.group)
        while True:
            server = await self.around.fork_server()
            try:
                zygote = await server.zygote(
                    f"{self.group.name}-zygote-{self._zygotes_made}",
                    self.around.system.settings,
                    root,
                    {**own, VERSION: version} if version else own,
                    self.around.folder.logs / f"{self.group.name}-setup.log",
                )
            except ConnectionResetError:  # killed meanwhile: the server
                await asyncio.sleep(0.1)
                continue
            try:
                await zygote.set_up()
            except ConnectionResetError:  # the zygote
                await asyncio.sleep(0.1)
                continue
            except asyncio.CancelledError:  # another one is there first
                zygote.channel.close()
                raise
            zygote.version = version
            return zygote

    def _adopt(self, zygote: Zygote) -> None:
        if self._watching is not None:
            self._watching.cancel()
        self.zygote = zygote
        self._has_zygote.set()
        self._watching = asyncio.create_task(self._watch(zygote))
        self.around.changed()

    async def _return_to(self, previous: Zygote | None) -> None:
        """Have the zygote again whose processes go on; where it has ended, keep the new one."""
        current = self.zygote
        if previous is None or previous.channel.closed.is_set():
            return
        self._adopt(previous)
        if current is not None:
            await current.close()

    async def _watch(self, zygote: Zygote) -> None:
        """Replace a zygote that was killed. Its children die with it, and come from the new one.

        Without the lock of changes: a restart that is under way waits for the new one, and would
        never end if that waited for the restart.
        """
        await zygote.channel.closed.wait()
        self._has_zygote.clear()
        await gone([zygote.process])
        self.around.report(f"the zygote of {self.group.name} ended; starting a new one")
        while not self._stopping:
            await asyncio.sleep(self._zygote_ends.next_delay())
            try:
                fresh = await self._new_zygote()
            except SetupFailed as failure:
                self.around.report(str(self._setup_diagnosis(failure)))
                continue
            self._watching = None  # it is this task, which must not cancel itself
            self._adopt(fresh)
            return

    def _background_roles(self) -> list[str]:
        assert self.zygote is not None
        return [role for role in self.zygote.roles if role != "web"]

    async def _reload_background(self) -> None:
        wanted = self._background_roles()
        for role in [role for role in self.background if role not in wanted]:
            await self.background.pop(role).stop()
        await asyncio.gather(*(keeper.restart() for keeper in self.background.values()))
        for role in wanted:
            if role not in self.background:
                keeper = self.background[role] = self._keeper(role)
                keeper.begin()

    async def _migrate(self, zygote: Zygote) -> None:
        """Migrate the group's database and load its demo data, unless nothing changed."""
        await self.around.databases_ready.wait()
        database = self.around.environments.databases[self.group.name]
        if _migrated(self.around.folder).get(database) == zygote.fingerprint:
            return
        log = self.around.folder.logs / f"{self.group.name}-migrate.log"
        environment = {"RAMET_INSTANCE": f"{self.group.name}-migrate"}
        running = await zygote.fork(f"{self.group.name}-migrate", "migrate", environment, log)
        status = await running.ended
        if status != 0:
            raise DiagnosticError(
                Mistake(
                    reference="migration-failed",
                    where=self.group.name,
                    found=f"`manage.py migrate` of its database failed\n{child.last_lines(log)}",
                    expected="migrations that apply to the database as it is",
                    remedy="correct the migration, or start over with `ramet up --fresh`",
                )
            )
        # Read again: other groups migrate at the same time, and each adds its own line.
        migrated = {**_migrated(self.around.folder), database: zygote.fingerprint}
        write_private(self.around.folder.migrated, json.dumps(migrated, indent=1))

    def _setup_diagnosis(self, failure: SetupFailed) -> DiagnosticError:
        return DiagnosticError(
            Mistake(
                reference="service-does-not-load",
                where=self.group.name,
                found=str(failure),
                expected="code that Django can load",
                remedy="correct it; the next save is taken up at once while `ramet up` runs",
            )
        )


def _is_stopped(group: str) -> DiagnosticError:
    return DiagnosticError(
        Mistake(
            reference="service-stopped",
            where=group,
            found="a service that was stopped",
            expected="a service that runs",
            remedy=f"`ramet start {group}`",
        )
    )


def _migrated(folder: Folder) -> dict[str, str]:
    try:
        found = json.loads(folder.migrated.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    return dict(found)
