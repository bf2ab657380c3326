"""`manage.py runserver` works off events by itself: the simplest placement needs nothing but
Django."""

import atexit
import os
import sys
import threading

from django.apps import apps

from ramet.events.worker import Worker


def start_if_serving() -> None:
    """Start a worker in this process if it is the one of runserver that answers requests."""
    if is_serving(sys.argv, os.environ.get("RUN_MAIN")):
        threading.Thread(target=_start, name="ramet-worker", daemon=True).start()


def is_serving(arguments: list[str], run_main: str | None) -> bool:
    """With the reloader, runserver is two processes: only the inner one has RUN_MAIN set."""
    if len(arguments) < 2 or arguments[1] != "runserver":
        return False
    return "--noreload" in arguments or run_main == "true"


def _start() -> None:
    # Other apps register their loops in their own ready(), which may run after ours.
    apps.ready_event.wait()
    worker = Worker()
    worker.start()
    atexit.register(worker.stop, 3.0)
