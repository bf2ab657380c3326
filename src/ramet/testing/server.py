"""The HTTP server of the placement `services`: Ramet's own WSGI application, on loopback.

A thread for each request, as new as in another process: it has nothing of the caller's context. It
has a database connection of its own too, except where the test's data is in a transaction of the
test, which no other connection can see. The first part of a path says who calls: it stands for the
certificates that tell a service its caller in the mesh.
"""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from ramet.calls.server import Operations
from ramet.placement import here

__all__ = ["NOBODY", "serving"]

NOBODY = "-"
"""The caller of code that stands in no service, such as a test."""

_WAIT = 5.0
"""Seconds that the end of a test waits for a request which is still under way."""


@contextmanager
def serving() -> Iterator[str]:
    """Serve every operation that is implemented in this process; gives the address."""
    lent = {alias: connections[alias] for alias in connections}
    for connection in lent.values():
        connection.inc_thread_sharing()
    server = _Server(("127.0.0.1", 0), _Handler)
    server.set_app(_application(lent))
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(_WAIT)
        for connection in lent.values():
            connection.dec_thread_sharing()


class _Server(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True
    block_on_close = True

    def server_bind(self) -> None:
        """Without WSGIServer's look for a host name, which may ask the network."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]
        self.setup_environ()


class _Handler(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: a test's output is for the test."""


def _application(lent: dict[str, BaseDatabaseWrapper]) -> Any:
    """Made anew for each request, which sees what a test puts in the place of a service."""

    def serve(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        _say_who_calls(environ)
        for alias, connection in lent.items():
            if _holds_the_test(connection):
                connections[alias] = connection
        try:
            return Operations(_not_found)(environ, start_response)
        finally:
            for connection in connections.all(initialized_only=True):
                if connection not in lent.values():
                    connection.close()

    return serve


def _say_who_calls(environ: dict[str, Any]) -> None:
    """As the mesh does, whatever the request itself says."""
    _, caller, rest = environ["PATH_INFO"].split("/", 2)
    environ["PATH_INFO"] = f"/{rest}"
    environ.pop("HTTP_X_RAMET_CALLER", None)
    if caller != NOBODY:
        environ["HTTP_X_RAMET_CALLER"] = f"spiffe://{here().system.name}/{caller}"


def _holds_the_test(connection: BaseDatabaseWrapper) -> bool:
    """Whether no other connection can see what the test has written."""
    if any(getattr(block, "_from_testcase", False) for block in connection.atomic_blocks):
        return True
    return connection.vendor == "sqlite" and connection.is_in_memory_db()  # type: ignore[attr-defined]


def _not_found(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("404 Not Found", [("Content-Type", "text/plain")])
    return [b"only calls are served here\n"]
