"""The running shop with one more service in it, which tells what reaches a service."""

import json
import shutil
import socket
import sys
from pathlib import Path
from typing import Any

from ramet.tools.local.folder import Folder
from tests.acceptance.running_shop import RunningShop
from tests.integration.gateway.harness import exchange

PROBE = """
[services.probe]
command = ["{python}", "probe.py"]
routes  = ["/probe/"]
"""


class AttackedShop(RunningShop):
    """As its attackers see it: an address, and what they can open on the same machine."""

    def prepare(self) -> None:
        super().prepare()
        shutil.copy(Path(__file__).with_name("probe.py"), self.folder)
        with (self.folder / "ramet.toml").open("a") as toml:
            toml.write(PROBE.format(python=sys.executable))

    @property
    def private(self) -> Folder:
        """The system's folders: logs, secrets, sockets."""
        return Folder(self.folder)

    def dial(self) -> socket.socket:
        """A connection to the gateway on which anything may be said."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=5)

    def flush_log(self) -> None:
        """Have Envoy write its access log now; by itself it does once a second."""
        ask = b"POST /reopen_logs HTTP/1.1\r\nHost: admin\r\nConnection: close\r\n\r\n"
        exchange(str(self.private.run / "envoy-admin.sock"), ask, silence=0.01)

    def arrived(self) -> list[dict[str, Any]]:
        """Every request that the probe was given, in order."""
        journal = self.folder / "probe.jsonl"
        return [json.loads(line) for line in journal.read_text().splitlines()]
