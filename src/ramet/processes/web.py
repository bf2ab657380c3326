"""A service's web process: granian serving WSGI on a Unix socket that only its owner can open."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from ramet import telemetry
from ramet.errors import DiagnosticError, Mistake
from ramet.placement import here
from ramet.processes.lifetime import die_with
from ramet.telemetry import exporting
from ramet.telemetry.beginning import begin
from ramet.telemetry.metrics import saturation

THREADS = 4
"""Requests that one process works on at a time, unless RAMET_WEB_THREADS says otherwise."""

WSGIApplication = Callable[..., Iterable[bytes]]


def application() -> WSGIApplication:
    """What is served: operations in front of Django, or the project's own application alone."""
    if importlib.util.find_spec("ramet.calls.wsgi") is not None:
        from ramet.calls import wsgi

        served: WSGIApplication = wsgi.application
        return served
    from django.core.servers.basehttp import get_internal_wsgi_application

    return get_internal_wsgi_application()


def main() -> int:
    """Serve on the Unix socket RAMET_SOCKET until SIGTERM; requests in hand are finished."""
    import multiprocessing
    from multiprocessing.util import Finalize

    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    path = Path(_socket())
    path.unlink(missing_ok=True)  # of a process that was killed; the supervisor sees to one only
    # granian starts its worker with multiprocessing. Any other method would import all over again.
    multiprocessing.set_start_method("fork", force=True)
    parent = os.getpid()

    threads = int(os.environ.get("RAMET_WEB_THREADS", THREADS))

    def load(_target: str) -> WSGIApplication:
        die_with(parent)
        # Of a process that multiprocessing has forked, atexit knows nothing.
        Finalize(None, exporting.flush, args=(1.0,), exitpriority=0)
        telemetry.configure(here().group, "web")
        begin(here(), "web")
        saturation.MOST.set(threads, "web")
        return application()

    server = Granian(
        target="ramet",
        uds=path,
        uds_permissions=0o600,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=threads,
        websockets=False,
        log_level=LogLevels.warning,
        workers_kill_timeout=10,
    )
    server.serve(target_loader=load)
    return 0


def _socket() -> str:
    path: Any = os.environ.get("RAMET_SOCKET")
    if path:
        return str(path)
    raise DiagnosticError(
        Mistake(
            reference="no-socket",
            where="RAMET_SOCKET",
            found="nothing",
            expected="the path of the Unix socket to serve on",
            remedy="set RAMET_SOCKET, or use `manage.py runserver` for a port of your own",
        )
    )
