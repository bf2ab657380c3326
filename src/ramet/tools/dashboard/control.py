"""Ask the supervisor of the local system, over its socket, one JSON line each way."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

__all__ = ["SupervisorAway", "ask"]

_TIMEOUT_SECONDS = 2.0
_LONGEST_ANSWER = 1 << 20


class SupervisorAway(Exception):
    """Nobody answers on the control socket: the system is down, or going down."""


def ask(control: Path, command: str) -> dict[str, Any]:
    """The supervisor's answer to `command`, within two seconds, or SupervisorAway."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(_TIMEOUT_SECONDS)
            connection.connect(str(control))
            connection.sendall(json.dumps({"command": command}).encode() + b"\n")
            answer = json.loads(_line(connection))
    except (OSError, ValueError) as error:
        raise SupervisorAway(str(error)) from error
    if not isinstance(answer, dict):
        raise SupervisorAway(f"the answer to {command!r} is no object")
    return answer


def _line(connection: socket.socket) -> bytes:
    received = bytearray()
    while not received.endswith(b"\n") and len(received) < _LONGEST_ANSWER:
        part = connection.recv(65536)
        if not part:
            break
        received += part
    return bytes(received)
