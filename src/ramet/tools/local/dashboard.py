"""The dashboard as a process: another tool, so it is started, not imported."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Callable

from ramet.system import System
from ramet.tools.local import child, http, ports
from ramet.tools.local.files import secret
from ramet.tools.local.folder import Folder
from ramet.tools.local.keeper import Keeper, Report
from ramet.tools.local.processes import Process
from ramet.tools.local.running import Running

HOST = "127.0.0.1"
"""Whatever the gateway listens on: the dashboard can stop what runs, and speaks no TLS."""


def port_of(system: System) -> int:
    """Beside the gateway's."""
    return system.gateway.port + 1


def collector(system: System) -> str | None:
    """Where traces, metrics and logs go, the base URL of an OTLP collector; None: nowhere.

    Raises DiagnosticError where `ramet.toml` names a variable or a file that has no such URL.
    """
    declared = system.infrastructure.resolved(os.environ).telemetry
    if declared == "dashboard":
        return f"http://{HOST}:{port_of(system)}"
    return None if declared == "off" else declared


def keeper(port: int, folder: Folder, report: Report, changed: Callable[[], None]) -> Keeper | None:
    """Keeps the dashboard on `port`; None when it is not installed.

    Raises DiagnosticError when the port is taken.
    """
    if importlib.util.find_spec("ramet.tools.dashboard.__main__") is None:
        return None
    ports.require_free({"dashboard": (HOST, port)})
    log = folder.logs / "dashboard.log"
    secret(folder.dashboard_token)

    async def start() -> Running:
        environment = {
            **os.environ,
            "RAMET_CONTROL_SOCKET": str(folder.control),
            "RAMET_STATE_DIR": str(folder.path),
            "RAMET_DASHBOARD_LISTEN": f"{HOST}:{port}",
            "RAMET_DASHBOARD_TOKEN_FILE": str(folder.dashboard_token),
        }
        command = [sys.executable, "-m", "ramet.tools.dashboard"]
        return Running.of(child.spawn(command, log, cwd=folder.root, env=environment))

    async def is_ready() -> bool:
        return await http.status_of((HOST, port), "/live", timeout=1) is not None

    process = Process("dashboard", "dashboard", "dashboard")
    return Keeper(process, start, is_ready, log, report, changed, ready_within=20, grace=3)
