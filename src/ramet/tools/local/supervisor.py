"""The supervisor: everything that `ramet up` starts, as one object with a beginning and an end.

It imports neither Django nor any code of the project, so that it survives whatever that does.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ramet.errors import DiagnosticError
from ramet.system import rates
from ramet.tools.local import (
    commands,
    dashboard,
    engines,
    faults,
    memory,
    ports,
    processes,
    ratelimit,
)
from ramet.tools.local.asking import Asking
from ramet.tools.local.control import ControlServer
from ramet.tools.local.environment import Environments, demo_password, metrics_folder
from ramet.tools.local.envoy import Envoy
from ramet.tools.local.first_request import seconds_to_first_request
from ramet.tools.local.folder import Folder
from ramet.tools.local.fork_server import ForkServerKeeper
from ramet.tools.local.group import GroupProcesses, Surroundings
from ramet.tools.local.infrastructure import Infrastructure
from ramet.tools.local.keeper import Keeper, Report
from ramet.tools.local.mesh_certificates import MeshCertificates
from ramet.tools.local.operations import Operations
from ramet.tools.local.plan import Plan
from ramet.tools.local.processes import Process
from ramet.tools.local.rates import Rates
from ramet.tools.local.state import StateFile
from ramet.tools.local.switchboard import Switchboard
from ramet.tools.local.together import together


class Supervisor:
    """Runs `plan` in `folder`. `report` is told what a person should know.

    Raises DiagnosticError for infrastructure that cannot be used.
    """

    def __init__(self, plan: Plan, folder: Folder, report: Report) -> None:
        self.plan = plan
        self.folder = folder
        self.report = report
        self.first_request_seconds: float | None = None
        self.memory_megabytes: float | None = None
        self.dashboard_problem: str | None = None
        self.is_ready = False
        self.stopped = asyncio.Event()
        self.control = ControlServer(self)
        self.certificates = MeshCertificates(plan, folder, report)
        self.switchboard = Switchboard(plan, self._sockets, self._changed)
        self._state = StateFile(folder)
        self._infrastructure = Infrastructure(plan, folder)
        self._engines = [
            engines.keeper(engine, report, self._changed)
            for engine in (
                *self._infrastructure.engines,
                Envoy(plan.gateway, folder.envoy, folder.logs / "envoy.log"),
            )
        ]
        self._programs = [
            commands.keeper(plan.system, service, folder, report, self._changed)
            for service in plan.services
            if not service.is_django
        ]
        if rates.is_redis(rates.counted_at(plan.system, os.environ)):
            self._programs.append(ratelimit.keeper(folder, report, self._changed))
        self._fork_server = ForkServerKeeper(plan, folder, report, self._changed)
        self._databases_ready = asyncio.Event()
        environments = Environments(
            plan.system,
            folder,
            self._infrastructure.databases,
            self._infrastructure.brokers,
            self._infrastructure.telemetry,
        )
        around = Surroundings(
            plan.system,
            folder,
            environments,
            self._fork_server.ready,
            self._databases_ready,
            report,
            self._changed,
        )
        self._groups = [GroupProcesses(group, around) for group in plan.django_groups]
        self.operations = Operations(
            plan, self._groups, self._keepers, self._infrastructure, self.switchboard
        )
        self.asking = Asking(plan, folder, self._groups, environments)
        self.rates = Rates([metrics_folder(folder.run, group.name) for group in plan.groups])
        self._tasks: list[asyncio.Task[None]] = []
        self._stopping = False
        self._dirty = asyncio.Event()

    async def start(self) -> None:
        """Start everything; returns when requests are served and workers work.

        Raises DiagnosticError for whatever a person can repair. Call `stop` in any case.
        """
        gateway = self.plan.system.gateway
        listening = {"gateway": (gateway.host, gateway.port)}
        if gateway.redirect_from is not None:
            listening["redirect to the gateway"] = gateway.redirect_from
        if (scrape := self.plan.system.telemetry.scrape) is not None:
            listening["metrics for Prometheus"] = scrape
        ports.require_free(listening)
        self.certificates.renew()
        await self.switchboard.read_policy()
        self._tasks.append(
            asyncio.create_task(self._state.keep(self._dirty, self._record, self.report))
        )
        self._tasks.append(asyncio.create_task(self.rates.keep()))
        await self.control.start(self.folder.control)
        await self._start_serving()
        self.first_request_seconds = await seconds_to_first_request(self.plan)
        await together(group.begin_background() for group in self._groups)
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
            await asyncio.gather(*(group.stop() for group in self._groups))
        finally:
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
        for group in self._groups:
            group.kill()

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
            "maintenance": sorted(self.switchboard.switches.maintenance),
            "faults": [faults.as_json(fault) for fault in self.switchboard.switches.faults],
            "versions": {each.group.name: each.version for each in self._groups},
            "stopped": [each.group.name for each in self._groups if each.is_stopped],
            "groups": self.plan.members_of_groups,
            "processes": [process.as_json() for process in self._processes()],
        }

    # -- Starting ----------------------------------------------------------------------------------

    async def _start_serving(self) -> None:
        """Engines, fork server and groups at the same time; each waits for what it needs."""
        self._tasks.append(asyncio.create_task(self.certificates.keep()))
        if self._groups:
            self._tasks.append(asyncio.create_task(self._fork_server.keep()))
        waits: list[Awaitable[None]] = []
        for keeper in self._keepers():
            keeper.begin()
            waits.append(keeper.first_ready)
        waits.append(self._provision())
        waits += [group.begin() for group in self._groups]
        await together(waits)

    async def _provision(self) -> None:
        for engine in self._engines:
            if engine.process.role == "postgres":
                await asyncio.shield(engine.first_ready)
        if self._groups:
            await asyncio.to_thread(self._infrastructure.create_databases)
        self._databases_ready.set()

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

    # -- Knowing -----------------------------------------------------------------------------------

    def _sockets(self) -> dict[str, list[Path]]:
        return {each.group.name: each.sockets for each in self._groups}

    def _keepers(self) -> list[Keeper]:
        return [*self._engines, *self._programs]

    def _processes(self) -> list[Process]:
        return [
            *(keeper.process for keeper in self._engines),
            *(process for group in self._groups for process in group.processes),
            *(keeper.process for keeper in self._programs),
        ]

    def _all_pids(self) -> list[int]:
        pids = [process.pid for process in self._processes()]
        pids += [one.pid for group in self._groups for one in group.internal]
        pids.append(self._fork_server.pid)
        return [pid for pid in pids if pid is not None]

    def _dashboard_url(self) -> str | None:
        if not any(keeper.process.role == "dashboard" for keeper in self._programs):
            return None
        return f"http://localhost:{self.plan.dashboard_port}"

    def _changed(self) -> None:
        self._dirty.set()

    def _record(self) -> dict[str, Any]:
        """What the state file says."""
        marks = [(pid, processes.started(pid)) for pid in self._all_pids()]
        nats = self._infrastructure.nats
        return {
            **self.snapshot(),
            "supervisor": {"pid": os.getpid(), "started": processes.started(os.getpid())},
            "began": datetime.fromtimestamp(self.plan.began, UTC).isoformat(),
            "run_dir": str(self.folder.run),
            "control": str(self.folder.control),
            "logs": str(self.folder.logs),
            "databases": self._infrastructure.databases,
            "broker": nats.url() if nats else None,
            "brokers": self._infrastructure.brokers,
            "demo_password": demo_password(self.folder),
            "system_processes": [
                {"pid": pid, "started": mark} for pid, mark in marks if mark is not None
            ],
        }
