"""A service that is not Django: any program that serves HTTP on the Unix socket RAMET_SOCKET."""

from __future__ import annotations

import os
from collections.abc import Callable

from ramet.system import Service, System
from ramet.tools.local import child
from ramet.tools.local.environment import mesh_url, web_socket
from ramet.tools.local.folder import Folder
from ramet.tools.local.keeper import Keeper, Report
from ramet.tools.local.processes import Process
from ramet.tools.local.running import Running


def environment(system: System, service: Service, folder: Folder) -> dict[str, str]:
    """What such a program is given."""
    return {
        **os.environ,
        "RAMET_SOCKET": str(web_socket(folder.run, service.name)),
        "RAMET_MESH_URL": mesh_url(folder.run).replace("{caller}", service.name),
        "RAMET_PUBLIC_URL": system.gateway.public_url,
        "RAMET_INSTANCE": f"{service.name}-web",
    }


def keeper(
    system: System, service: Service, folder: Folder, report: Report, changed: Callable[[], None]
) -> Keeper:
    """Keeps `service.command` running in the system's folder; ready when its socket is there."""
    socket = web_socket(folder.run, service.name)
    log = folder.logs / f"{service.name}-web.log"

    async def start() -> Running:
        socket.unlink(missing_ok=True)
        given = environment(system, service, folder)
        return Running.of(child.spawn(service.command, log, cwd=system.root, env=given))

    async def is_ready() -> bool:
        return socket.is_socket()

    return Keeper(
        Process(service.name, "web", f"{service.name}-web"), start, is_ready, log, report, changed
    )
