"""The rate limiter as a process beside the gateway: another tool, so started, not imported."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from ramet.tools.local import child
from ramet.tools.local.folder import Folder
from ramet.tools.local.keeper import Keeper, Report
from ramet.tools.local.processes import Process
from ramet.tools.local.running import Running

_ENTRY = "import sys; from ramet.cli import main; sys.exit(main())"


def keeper(folder: Folder, report: Report, changed: Callable[[], None]) -> Keeper:
    """Keeps `ramet ratelimit` at the socket where the gateway asks it.

    It reads ramet.toml, and the address of Redis with its password, by itself.
    """
    log = folder.logs / "ratelimit.log"
    command = [sys.executable, "-c", _ENTRY, "ratelimit", "--listen", str(folder.ratelimit)]

    async def start() -> Running:
        folder.ratelimit.unlink(missing_ok=True)
        return Running.of(child.spawn(command, log, cwd=folder.root, env=os.environ))

    async def is_ready() -> bool:
        return folder.ratelimit.is_socket()

    process = Process("ratelimit", "ratelimit", "ratelimit")
    return Keeper(process, start, is_ready, log, report, changed, ready_within=20, grace=3)
