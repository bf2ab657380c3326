"""One HTTP request to a Unix socket of the local system."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Answer", "ask"]

_LARGEST = 4 << 20


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; of a body no more than 4 MiB."""

    status: int
    body: bytes


def ask(
    path: Path,
    method: str,
    target: str,
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
    *,
    timeout: float = 5.0,
) -> Answer:
    """Raises OSError, of which TimeoutError is one, where nobody answers in HTTP within `timeout`
    seconds of silence."""
    connection = http.client.HTTPConnection("localhost", timeout=timeout)
    try:
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(timeout)
        connection.sock.connect(str(path))
        connection.request(method, target, body or None, dict(headers or {}))
        answer = connection.getresponse()
        return Answer(answer.status, answer.read(_LARGEST))
    except http.client.HTTPException as error:
        raise ConnectionError(f"no answer in HTTP: {error!r}") from None
    finally:
        connection.close()
