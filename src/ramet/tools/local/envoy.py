"""The local Envoy: the gateway and every service's mesh listeners in one process.

Its configuration and its command line come from `ramet.tools.gateway`, through the `Gateway` that
the command line hands over, because tools are independent of each other. Here it is only run.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ramet.system import Policy, Switches
from ramet.tools.local import child, http


@dataclass(frozen=True, slots=True)
class Gateway:
    """How to configure and start Envoy.

    `write(endpoints, policy, switches)` puts the configuration in place; `endpoints` are the
    sockets of each group's web processes, `policy` says who may call whom. A running Envoy takes a
    change up by itself.
    """

    command: Sequence[str]
    admin_socket: Path
    write: Callable[[Mapping[str, Sequence[Path]], Policy, Switches], None]


class Envoy:
    """Envoy as `gateway` says, working in `folder`, with its own messages in `log`."""

    def __init__(self, gateway: Gateway, folder: Path, log: Path) -> None:
        self.gateway = gateway
        self.folder = folder
        self.log = log
        self.process: subprocess.Popen[bytes] | None = None

    def launch(self) -> None:
        """Start the process without waiting; see `is_ready`."""
        # Sockets left by a killed Envoy would keep the new one from listening.
        admin = self.gateway.admin_socket
        folder = admin.parent
        for stale in (admin, *folder.glob("*.mesh.sock"), *folder.glob("*.out.sock")):
            stale.unlink(missing_ok=True)
        self.process = child.spawn(
            self.gateway.command,
            self.log,
            cwd=self.folder,
            env={"PATH": os.defpath},
            death_signal=signal.SIGTERM,
        )

    async def is_ready(self) -> bool:
        """Whether all listeners serve (`/ready` of the admin interface)."""
        return await http.status_of(self.gateway.admin_socket, "/ready", timeout=1) == 200

    def stop(self, *, timeout: float = 5.0) -> None:
        """End the process; open connections are cut."""
        if self.process is not None:
            child.stop(self.process, signal.SIGTERM, timeout=timeout)
            self.process = None
