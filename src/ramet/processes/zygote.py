"""A zygote: one group's Django, set up and idle, from which that group's processes are forked.

So a web process or a worker that was killed is back in milliseconds, and all of them share the
memory of what they imported. The zygote holds no database connection and starts no thread.
"""

from __future__ import annotations

import gc
import importlib
import os
import socket
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

from ramet.processes.forking import ForkLoop, Order


def main(control: socket.socket, settings: str, root: str) -> int:
    """Set Django up, report which roles this group needs, then fork them on order.

    Reports `{"event": "ready", "roles": [...], "migrate": bool}`, or `{"event": "failed", "error"}`
    with the last lines of a traceback that starts in the project's own code.
    """
    loop = ForkLoop(control, _run_role)
    try:
        ready = _set_up(settings, root)
    except BaseException as error:  # noqa: BLE001 - the project's code may raise anything
        traceback.print_exc()
        loop.report(event="failed", error=own_part(error, root))
        return 1
    loop.report(event="ready", **ready)
    loop.run()
    return 0


def _set_up(settings: str, root: str) -> dict[str, object]:
    os.environ["DJANGO_SETTINGS_MODULE"] = settings
    if root not in sys.path:
        sys.path.insert(0, root)
    import django

    django.setup()

    from django.conf import settings as configured
    from django.db import connections
    from django.urls import get_resolver

    from ramet.processes import migrations, web

    if getattr(configured, "ROOT_URLCONF", None):
        _ = get_resolver().reverse_dict  # imports every view and compiles every pattern
    web.application()
    ready: dict[str, object] = {"roles": _roles(), "fingerprint": migrations.fingerprint()}
    connections.close_all()  # a connection shared by two processes corrupts both
    gc.freeze()  # without a collection, which takes 0.1 s and unshares what it looks at
    return ready


def _roles() -> list[str]:
    """Which processes this group needs: no idle worker for a service without background work."""
    from ramet.events.worker import registered_loops
    from ramet.processes import celery

    roles = ["web"]
    if registered_loops():
        roles.append("worker")
    if celery.has_tasks():
        roles.append("celery")
    return roles


def _run_role(order: Order, _descriptors: list[socket.socket]) -> int:
    gc.enable()
    role = _ROLES[order["role"]]
    return role(order)


def _web(_order: Order) -> int:
    from ramet.processes import web

    return web.main()


def _worker(_order: Order) -> int:
    worker = importlib.import_module("ramet.processes.worker")
    return int(worker.main() or 0)


def _celery(_order: Order) -> int:
    from ramet.processes import celery

    return celery.main()


def _migrate(_order: Order) -> int:
    from ramet.processes import migrations

    return migrations.main()


def _manage(order: Order) -> int:
    from ramet.processes import manage

    return manage.main(order["arguments"], Path(order["output"]))


_ROLES: dict[str, Callable[[Order], int]] = {
    "web": _web,
    "worker": _worker,
    "celery": _celery,
    "migrate": _migrate,
    "manage": _manage,
}


def own_part(error: BaseException, root: str) -> str:
    """The error with its place in the project's code: the part that its author can repair."""
    lines = traceback.format_exception_only(error)
    own = [frame for frame in traceback.extract_tb(error.__traceback__) if _is_own(frame, root)]
    if own and not isinstance(error, SyntaxError):
        lines = [*traceback.format_list(own[-1:]), *lines]
    return "".join(lines).rstrip()


def _is_own(frame: traceback.FrameSummary, root: str) -> bool:
    return frame.filename.startswith(root + os.sep) and "site-packages" not in frame.filename
