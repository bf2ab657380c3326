"""Ask the supervisor of the local system, over its socket, one JSON line each way."""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Control", "SupervisorAway"]

# More than the supervisor lets a command print (8 MiB), as JSON within JSON, where each quotation
# mark and each line end takes up to four characters.
_LONGEST_ANSWER = 32 << 20


class SupervisorAway(Exception):
    """Nobody answers on the control socket: the system is down, or going down."""


@dataclass(frozen=True, slots=True)
class Control:
    """The supervisor at the socket `path`; with None there is no system, and nobody answers."""

    path: Path | None

    def ask(self, command: str, *, timeout: float = 2.0, **arguments: Any) -> dict[str, Any]:
        """The supervisor's answer within `timeout` seconds, or SupervisorAway.

        An answer `{"error": text}` is an answer: what to tell the person who asked.
        """
        if self.path is None:
            raise SupervisorAway("this dashboard runs without a system")
        request = {"command": command, **arguments}
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.settimeout(timeout)
                connection.connect(str(self.path))
                connection.sendall(json.dumps(request).encode() + b"\n")
                answer = json.loads(_line(connection))
        except (OSError, ValueError) as error:
            raise SupervisorAway(str(error)) from error
        if not isinstance(answer, dict):
            raise SupervisorAway(f"the answer to {command!r} is no object")
        return answer

    def faults(self) -> list[dict[str, Any]]:
        """The fault switches that are on; none where nobody answers."""
        try:
            return list(self.ask("status").get("faults") or [])
        except SupervisorAway:
            return []


def _line(connection: socket.socket) -> bytes:
    received = bytearray()
    while not received.endswith(b"\n") and len(received) < _LONGEST_ANSWER:
        part = connection.recv(65536)
        if not part:
            break
        received += part
    return bytes(received)
