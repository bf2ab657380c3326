"""A small HTTP server for the endpoints of a process that serves no requests: worker, Celery.

Web processes answer at their own address (`ramet.calls.server`).
"""

from __future__ import annotations

import contextlib
import os
import socket
import socketserver
import sys
import threading
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import structlog

from ramet.telemetry import endpoints

__all__ = ["MOST", "listen"]

log = structlog.get_logger("ramet.telemetry")

MOST = 16
"""Connections at a time: an orchestrator's three probes and a scrape or two need few."""

_PATIENCE = 5.0  # seconds for one request


def listen(address: str) -> None:
    """Answer at `unix:/path` (mode 0600) or `host:port` from now on, in a thread of its own.

    An address that cannot be had is told in the log: the work goes on.
    """
    try:
        server = _server(address)
    except OSError as error:
        log.error("health.not_listening", address=address, error=str(error))
        return
    _servers.append(server)
    threading.Thread(target=server.serve_forever, name="health-listener", daemon=True).start()


_servers: list[socketserver.BaseServer] = []


def _leave() -> None:
    """In a fork, such as a process of Celery's pool: it would keep the address from the next one
    to listen there, without answering."""
    for server in _servers:
        server.server_close()
    _servers.clear()


os.register_at_fork(after_in_child=_leave)


class _Handler(BaseHTTPRequestHandler):
    timeout = _PATIENCE
    server_version = "ramet"
    sys_version = ""

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path not in endpoints.PATHS:
            self.send_error(404)
            return
        status, content_type, body = endpoints.answer(path, self.headers.get("Accept", ""))
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Probes every few seconds are no news."""


class _Threads(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """A thread for each connection, and not more than MOST: whoever can reach a pod's port could
    else have any number. Where there are as many, the one that has been there longest is hung up
    on: a probe is answered within two seconds."""

    daemon_threads = True

    def __init__(self, address: Any, handler: type[BaseHTTPRequestHandler]) -> None:
        self._room = threading.Semaphore(MOST)
        self._lock = threading.Lock()
        self._open: dict[socket.socket, None] = {}  # in the order in which they came
        super().__init__(address, handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        if not self._room.acquire(blocking=False):
            with self._lock:
                oldest = next(iter(self._open), None)
                if oldest is not None:
                    del self._open[oldest]
                    with contextlib.suppress(OSError):
                        oldest.shutdown(socket.SHUT_RDWR)  # its thread reads an end, and ends
            if not self._room.acquire(timeout=_PATIENCE):
                self.shutdown_request(request)
                return
        with self._lock:
            self._open[request] = None
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._lock:
                self._open.pop(request, None)
            self._room.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Who hangs up, or was hung up on, is no news either."""
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            log.error("health.not_answered", exc_info=error)


class _OverTcp(_Threads):
    allow_reuse_address = True


class _OverTcp6(_OverTcp):
    address_family = socket.AF_INET6


class _OverUnixSocket(_Threads):
    address_family = socket.AF_UNIX

    def server_bind(self) -> None:
        path = Path(str(self.server_address))
        path.unlink(missing_ok=True)  # of a process that was killed
        super().server_bind()
        path.chmod(0o600)

    def get_request(self) -> tuple[socket.socket, tuple[str, int]]:
        connection, _ = self.socket.accept()
        return connection, ("local", 0)  # a Unix socket has no address for the handler to show


def _server(address: str) -> socketserver.BaseServer:
    if address.startswith("unix:"):
        return _OverUnixSocket(address.removeprefix("unix:"), _Handler)
    host, _, port = address.rpartition(":")
    kind = _OverTcp6 if ":" in host else _OverTcp
    return kind((host.strip("[]"), int(port)), _Handler)
