"""Is the port free? Asked before anything starts, not found later in some engine's log."""

from __future__ import annotations

import errno
import random
import socket

from ramet.errors import DiagnosticError, Mistake


def require_free(ports: dict[str, tuple[str, int]]) -> None:
    """Raise one DiagnosticError for all of `ports` ({what for: (host, port)}) that are taken."""
    mistakes = [
        mistake
        for purpose, (host, port) in ports.items()
        if (mistake := _try(purpose, host, port)) is not None
    ]
    if mistakes:
        raise DiagnosticError(*mistakes)


_CHOICE = range(20_000, 32_000)
"""Below what systems give to outgoing connections (Linux: from 32768; RFC 6335: from 49152): nobody
gets such a port by chance before its server listens, or while that restarts."""


def unused(count: int = 1) -> int:
    """The first of `count` ports in a row, on 127.0.0.1, that nobody listens on."""
    while True:
        first = random.choice(_CHOICE)  # noqa: S311
        if all(_try("server", "127.0.0.1", port) is None for port in range(first, first + count)):
            return first


def _try(purpose: str, host: str, port: int) -> Mistake | None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        # As Envoy does: connections of the last run that still linger are no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            found = {
                errno.EADDRINUSE: f"port {port} is taken{_holder(port)}",
                errno.EACCES: f"port {port} is reserved for root",
                errno.EADDRNOTAVAIL: f"{host} is no address of this machine",
            }.get(error.errno or 0, str(error))
            return Mistake(
                reference="port-taken" if error.errno == errno.EADDRINUSE else "port-unusable",
                where=f"{host}:{port}",
                found=found,
                expected=f"a free port for the {purpose}",
                remedy="end that process, or set another port: [gateway] listen in ramet.toml",
            )
    return None


def _holder(port: int) -> str:
    """Which process listens there, if we may know."""
    import psutil

    try:
        for connection in psutil.net_connections("tcp"):
            address = connection.laddr
            if address and address.port == port and connection.status == psutil.CONN_LISTEN:
                if connection.pid is None:
                    break
                process = psutil.Process(connection.pid)
                return f" by {process.name()} (pid {process.pid}, user {process.username()})"
    except (psutil.AccessDenied, psutil.NoSuchProcess):
        pass
    return " by another process"
