"""The supervisor: everything that `ramet up` starts, as one object with a beginning and an end.

It imports neither Django nor any code of the project, so that it survives whatever that does.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from ramet.errors import DiagnosticError, Mistake
from ramet.placement.messaging import messaging
from ramet.system import Group, Policy, Service, Switches, System, policy
from ramet.tools.local import (
    commands,
    dashboard,
    databases,
    engines,
    http,
    memory,
    ports,
    processes,
)
from ramet.tools.local.backoff import Backoff
from ramet.tools.local.broker_rights import Rights, rights
from ramet.tools.local.control import ControlServer
from ramet.tools.local.environment import Environments, demo_password
from ramet.tools.local.envoy import Envoy, Gateway
from ramet.tools.local.folder import Folder
from ramet.tools.local.forks import ForkServer
from ramet.tools.local.group import GroupProcesses, Surroundings
from ramet.tools.local.keeper import Keeper, Report
from ramet.tools.local.mesh_certificates import MeshCertificates
from ramet.tools.local.nats import Nats
from ramet.tools.local.postgres import Postgres
from ramet.tools.local.processes import Process
from ramet.tools.local.state import StateFile
from ramet.tools.local.together import together

_FIRST_REQUEST_SECONDS = 30.0


@dataclass(slots=True)
class Plan:
    """What to run. `placement` is the text it was written as; `began` a `time.time()`."""

    system: System
    groups: tuple[Group, ...]
    placement: str
    gateway: Gateway
    began: float = field(default_factory=time.time)

    @property
    def django_groups(self) -> list[Group]:
        """Groups that run Django."""
        return [group for group in self.groups if self.system.services[group.services[0]].is_django]

    @property
    def dashboard_port(self) -> int:
        """Beside the gateway's."""
        return dashboard.port_of(self.system)


class Supervisor:
    """Runs `plan` in `folder`. `report` is told what a person should know."""

    def __init__(self, plan: Plan, folder: Folder, report: Report) -> None:
        self.plan = plan
        self.folder = folder
        self.report = report
        self.first_request_seconds: float | None = None
        self.memory_megabytes: float | None = None
        self.dashboard_problem: str | None = None
        self.is_ready = False
        self.stopped = asyncio.Event()
        self._state = StateFile(folder)
        self._engines: list[Keeper] = []
        self._programs: list[Keeper] = []
        self._groups: dict[str, GroupProcesses] = {}
        self._fork_server: ForkServer | None = None
        self._fork_server_ready = asyncio.Event()
        self._databases_ready = asyncio.Event()
        self._databases: dict[str, str] = {}
        self._brokers: dict[str, str] = {}
        self._nats: Nats | None = None
        self._policy = Policy()
        self._reloading = asyncio.Lock()
        self._mesh_certificates = MeshCertificates(plan.system, folder, report)
        self.control = ControlServer(self)
        self._tasks: list[asyncio.Task[None]] = []
        self._stopping = False
        self._dirty = asyncio.Event()
        self._switches = Switches()

    async def start(self) -> None:
        """Start everything; returns when requests are served and workers work.

        Raises DiagnosticError for whatever a person can repair. Call `stop` in any case.
        """
        gateway = self.plan.system.gateway
        listening = {"gateway": (gateway.host, gateway.port)}
        if gateway.redirect_from is not None:
            listening["redirect to the gateway"] = gateway.redirect_from
        ports.require_free(listening)
        self._prepare()
        self._tasks.append(asyncio.create_task(self._keep_state()))
        await self.control.start(self.folder.control)
        await self._start_serving()
        await self._measure_first_request()
        await together(group.begin_background() for group in self._groups.values())
        await self._start_dashboard()
        self.memory_megabytes = await asyncio.to_thread(
            memory.proportional_megabytes, [os.getpid(), *self._all_pids()]
        )
        self.is_ready = True
        self._changed()

    async def stop(self) -> None:
        """End everything in order: requests and work in hand first, engines last. Idempotent."""
        if self._stopping:
            await self.stopped.wait()
            return
        self._stopping = True
        self._changed()
        try:
            await asyncio.gather(*(program.stop() for program in self._programs))
            await asyncio.gather(*(group.stop() for group in self._groups.values()))
        finally:
            if self._fork_server is not None:
                self._fork_server.close()
            # Envoy's answer while services end is a 503 problem; without it, a refused connection.
            await asyncio.gather(*(engine.stop() for engine in self._engines))
            for task in self._tasks:
                task.cancel()
            await self.control.stop()
            self.folder.clear_run()
            self.folder.state.unlink(missing_ok=True)
            self.stopped.set()

    def kill(self) -> None:
        """End the services at once, for the second Ctrl-C; engines still end in order."""
        for group in self._groups.values():
            group.kill()

    # -- What the control socket and the file watcher ask for ------------------------------------

    async def restart(self, service: str) -> None:
        """Replace a service's (its group's) processes, or an engine's; DiagnosticError if none."""
        for keeper in (*self._engines, *self._programs):
            if keeper.process.service == service:
                await keeper.restart()
                return
        if not await self._reload([self._group_of(service)], "as asked"):
            raise DiagnosticError(
                Mistake(
                    reference="not-restarted",
                    where=service,
                    found="code that does not load or migrate; the old processes go on",
                    expected="code that Django can load",
                    remedy="see the message of `ramet up`, or `ramet logs`",
                )
            )

    async def scale(self, service: str, count: int) -> None:
        """Have `count` web processes for a service's group. DiagnosticError if it is unknown."""
        await self._group_of(service).scale(count, self._write_gateway)

    def maintain(self, service: str | None, *, on: bool) -> None:
        """Have the gateway answer for a service, or for all if None, instead of it; or no more."""
        placed = {each.name for each in self._placed()}
        chosen = placed if service is None else {self._known(service).name}
        before = self._switches.maintenance
        self._switch(maintenance=before | chosen if on else before - chosen)

    def weigh(self, service: str, weight: int) -> None:
        """Give another percentage of a service's requests to its canary."""
        if self._known(service).canary is None:
            raise DiagnosticError(
                Mistake(
                    reference="no-canary",
                    where=f"[services.{service}]",
                    found="no canary",
                    expected=f"a table [services.{service}.canary] when `ramet up` was started",
                    remedy="declare it with the address of the other version, and start again",
                )
            )
        others = [pair for pair in self._switches.weights if pair[0] != service]
        self._switch(weights=(*others, (service, weight)))

    async def reload(self, services: set[str] | None, why: str) -> None:
        """Restart the groups of `services` (all if None), because their code changed."""
        await self._reload(
            [
                group
                for group in self._groups.values()
                if services is None or services & set(group.group.services)
            ],
            why,
        )

    async def rotate_authority(self) -> None:
        """Have another authority sign the certificates of the mesh; no connection is cut."""
        await self._mesh_certificates.rotate(self._members)

    def certificates(self) -> list[dict[str, str]]:
        """What `certificates` on the control socket answers."""
        return self._mesh_certificates.as_json()

    @property
    def members_of_groups(self) -> dict[str, list[str]]:
        """The services of each group."""
        return {group.name: list(group.services) for group in self.plan.groups}

    def snapshot(self) -> dict[str, Any]:
        """What `status --json` shows."""
        return {
            "system": self.plan.system.name,
            "placement": self.plan.placement,
            "gateway": self.plan.system.gateway.public_url,
            "dashboard": self._dashboard_url(),
            "dashboard_problem": self.dashboard_problem,
            "ready": self.is_ready,
            "first_request_seconds": self.first_request_seconds,
            "memory_mb": self.memory_megabytes,
            "maintenance": sorted(self._switches.maintenance),
            "groups": self.members_of_groups,
            "processes": [process.as_json() for process in self._processes()],
        }

    async def _reload(self, groups: list[GroupProcesses], why: str) -> bool:
        """Restart `groups` with the rights of their new code; whether all of it runs."""
        # One at a time: who read the source first must not have the last word.
        async with self._reloading:
            await self._renew_broker_rights()
            planned = await asyncio.to_thread(policy, self.plan.system)
            # Both while old and new processes run side by side: neither is refused what it needs.
            self._policy |= planned
            self._write_gateway()
            is_new = await asyncio.gather(*(group.reload(why) for group in groups))
            # Where the old code goes on, so do its rights: a file that does not parse shows none.
            renewed = {
                name
                for group, done in zip(groups, is_new, strict=True)
                if done
                for name in group.group.services
            }
            self._policy = self._policy.without(renewed) | planned.only(renewed)
            self._write_gateway()
            return all(is_new)

    # -- Starting ----------------------------------------------------------------------------------

    def _prepare(self) -> None:
        """Everything that can fail without starting anything."""
        infrastructure = self.plan.system.infrastructure.resolved(os.environ)
        groups = self.plan.django_groups
        logs = self.folder.logs
        if infrastructure.postgres == "embedded":
            postgres = Postgres(self.folder.postgres, self.folder.run, logs / "postgres.log")
            names = {group.name: databases.name_of(group) for group in groups}
            self._databases = {group: postgres.url(name) for group, name in names.items()}
            self._add_engine(postgres)
            create: Callable[[], object] = lambda: postgres.create_databases([*names.values()])  # noqa: E731
        else:
            server = infrastructure.postgres
            self._databases = databases.on_server(server, self.plan.system.name, groups)
            urls = [*self._databases.values()]
            create = lambda: databases.create_missing(server, urls)  # noqa: E731
        self._create_databases = create
        if infrastructure.broker != "embedded":
            self._brokers = {group.name: infrastructure.broker for group in groups}
        elif len(self.plan.groups) > 1:  # else all events stay in one database
            self._nats = Nats(self.folder.nats, logs / "nats.log", self._broker_rights)
            self._brokers = {group.name: self._nats.url(group.name) for group in groups}
            self._add_engine(self._nats)
        environments = Environments(
            self.plan.system,
            self.folder,
            self._databases,
            self._brokers,
            dashboard.collector(self.plan.system),
        )
        around = Surroundings(
            self.plan.system,
            self.folder,
            environments,
            self._ready_fork_server,
            self._databases_ready,
            self.report,
            self._changed,
        )
        self._groups = {group.name: GroupProcesses(group, around) for group in groups}
        self._mesh_certificates.renew(self._members)
        self._policy = policy(self.plan.system)
        self._write_gateway()
        self._add_engine(Envoy(self.plan.gateway, self.folder.envoy, logs / "envoy.log"))
        self._programs = [
            commands.keeper(self.plan.system, service, self.folder, self.report, self._changed)
            for service in self._foreign_services()
        ]

    async def _start_serving(self) -> None:
        """Engines, fork server and groups at the same time; each waits for what it needs."""
        self._tasks.append(asyncio.create_task(self._mesh_certificates.keep(self._members)))
        if self._groups:
            self._tasks.append(asyncio.create_task(self._keep_fork_server()))
        for keeper in (*self._engines, *self._programs):
            keeper.begin()
        waits: list[Awaitable[None]] = [
            keeper.first_ready for keeper in (*self._engines, *self._programs)
        ]
        waits.append(self._provision())
        waits += [group.begin() for group in self._groups.values()]
        await together(waits)

    async def _provision(self) -> None:
        for engine in self._engines:
            if engine.process.role == "postgres":
                await asyncio.shield(engine.first_ready)
        if self._groups:
            await asyncio.to_thread(self._create_databases)
        self._databases_ready.set()

    async def _measure_first_request(self) -> None:
        """Until a request through the gateway is answered by a service: what a person waits for."""
        gateway = self.plan.system.gateway
        routes = [route for service in self._placed() for route in service.routes]
        deadline = time.monotonic() + _FIRST_REQUEST_SECONDS
        while routes and time.monotonic() < deadline:
            status = await http.status_of(
                (gateway.host, gateway.port),
                routes[0],
                host=urlsplit(gateway.public_url).netloc,
                tls=gateway.speaks_tls,
            )
            if status is not None and status not in (502, 503, 504):
                self.first_request_seconds = round(time.time() - self.plan.began, 2)
                return
            await asyncio.sleep(0.02)

    async def _start_dashboard(self) -> None:
        """The shop does not stand still for want of its dashboard."""
        try:
            keeper = dashboard.keeper(
                self.plan.dashboard_port, self.folder, self.report, self._changed
            )
            if keeper is not None:
                self._programs.append(keeper)
                keeper.begin()
                await keeper.first_ready
        except DiagnosticError as error:
            self.dashboard_problem = str(error)

    async def _keep_fork_server(self) -> None:
        backoff = Backoff()
        while not self._stopping:
            server = self._fork_server = ForkServer(
                self.folder.logs / "forkserver.log", self._also_import()
            )
            server.launch(self.plan.system.root)
            with contextlib.suppress(ConnectionResetError):
                await server.ready()
                self._fork_server_ready.set()
                self._changed()
                await server.ended()
            self._fork_server_ready.clear()
            if not self._stopping:
                self.report("the fork server ended; starting a new one")
                await asyncio.sleep(backoff.next_delay())

    async def _ready_fork_server(self) -> ForkServer:
        await self._fork_server_ready.wait()
        assert self._fork_server is not None
        return self._fork_server

    def _also_import(self) -> tuple[str, ...]:
        """Celery, if several groups have tasks; one alone imports it while others import theirs."""
        system = self.plan.system

        def has_tasks(service: Service) -> bool:
            folders = [system.root.joinpath(*app.split(".")) for app in service.apps]
            return any((folder / "tasks.py").exists() for folder in folders)

        groups = [
            group
            for group in self.plan.django_groups
            if any(has_tasks(system.services[name]) for name in group.services)
        ]
        return ("celery.app.base", "celery.app.task") if len(groups) > 1 else ()

    # -- Knowing -----------------------------------------------------------------------------------

    def _add_engine(self, engine: Postgres | Nats | Envoy) -> None:
        self._engines.append(engines.keeper(engine, self.report, self._changed))

    def _broker_rights(self) -> dict[str, Rights]:
        found, system = messaging(self.plan.system), self.plan.system.name
        return {
            group.name: rights(system, group.name, group.services, found)
            for group in self.plan.django_groups
        }

    async def _renew_broker_rights(self) -> None:
        if self._nats is not None:
            await asyncio.to_thread(self._nats.renew_rights)

    def _placed(self) -> list[Service]:
        names = [name for group in self.plan.groups for name in group.services]
        return [self.plan.system.services[name] for name in names]

    @property
    def _members(self) -> list[str]:
        """Everybody in the mesh who has a certificate."""
        return ["gateway", *(service.name for service in self._placed())]

    def _foreign_services(self) -> list[Service]:
        return [service for service in self._placed() if not service.is_django]

    def _group_of(self, service: str) -> GroupProcesses:
        for name, group in self._groups.items():
            if service == name or service in group.group.services:
                return group
        raise self._unknown(service)

    def _unknown(self, service: str) -> DiagnosticError:
        known = [name for members in self.members_of_groups.values() for name in members]
        return DiagnosticError(
            Mistake(
                reference="unknown-service",
                where=f"`{service}`",
                found="a service that does not run",
                expected=f"one of {', '.join(known)}",
                remedy="see `ramet status`",
            )
        )

    def _known(self, service: str) -> Service:
        for each in self._placed():
            if each.name == service:
                return each
        raise self._unknown(service)

    def _switch(self, **changes: Any) -> None:
        self._switches = replace(self._switches, **changes)
        self._write_gateway()
        self._changed()

    def _write_gateway(self) -> None:
        self.plan.gateway.write(
            {name: group.sockets for name, group in self._groups.items() if len(group.web) > 1},
            self._policy,
            self._switches,
        )

    def _processes(self) -> list[Process]:
        return [
            *(keeper.process for keeper in self._engines),
            *(process for group in self._groups.values() for process in group.processes),
            *(keeper.process for keeper in self._programs),
        ]

    def _all_pids(self) -> list[int]:
        pids = [process.pid for process in self._processes() if process.pid is not None]
        pids += [one.pid for group in self._groups.values() for one in group.internal]
        if self._fork_server is not None and self._fork_server.process is not None:
            pids.append(self._fork_server.process.pid)
        return pids

    def _dashboard_url(self) -> str | None:
        if not any(keeper.process.role == "dashboard" for keeper in self._programs):
            return None
        return f"http://localhost:{self.plan.dashboard_port}"

    def _changed(self) -> None:
        self._dirty.set()

    async def _keep_state(self) -> None:
        """Write the state file soon after a change: a burst of changes is one write."""
        while True:
            await self._dirty.wait()
            self._dirty.clear()
            self._write_state()
            await asyncio.sleep(0.02)

    def _write_state(self) -> None:
        marks = [(pid, processes.started(pid)) for pid in self._all_pids()]
        self._state.write(
            {
                **self.snapshot(),
                "supervisor": {"pid": os.getpid(), "started": processes.started(os.getpid())},
                "began": datetime.fromtimestamp(self.plan.began, UTC).isoformat(),
                "run_dir": str(self.folder.run),
                "control": str(self.folder.control),
                "logs": str(self.folder.logs),
                "databases": self._databases,
                "broker": self._nats.url() if self._nats else None,
                "brokers": self._brokers,
                "demo_password": demo_password(self.folder),
                "system_processes": [
                    {"pid": pid, "started": mark} for pid, mark in marks if mark is not None
                ],
            }
        )
