"""A service's Celery worker: only for groups whose apps have tasks.

One task at a time in the process itself (Celery's "solo" pool): a development system has no load,
and every pool process would cost memory. In production the user's own `celery worker` does this.
"""

from __future__ import annotations

import importlib.util
from typing import Any

from ramet.errors import DiagnosticError, Mistake


def has_tasks() -> bool:
    """Whether an app of a service that is placed here has a module `tasks`."""
    from ramet.placement import here

    if importlib.util.find_spec("celery") is None:
        return False
    place = here()
    return any(
        importlib.util.find_spec(f"{app}.tasks") is not None
        for name in place.services
        for app in place.system.services[name].apps
        if place.system.is_own_app(app)
    )


def find_app() -> Any:
    """The project's Celery application: `<package of the settings>.celery`, Celery's own advice."""
    import os

    from celery.app.utils import find_app as find

    package = os.environ["DJANGO_SETTINGS_MODULE"].rpartition(".")[0]
    try:
        return find(package)
    except (ImportError, AttributeError) as error:
        raise DiagnosticError(
            Mistake(
                reference="no-celery-application",
                where=package,
                found=str(error),
                expected=f"a Celery application in {package}/celery.py, as an app has tasks.py",
                remedy="see https://docs.celeryq.dev/en/stable/django/first-steps-with-django.html",
            )
        ) from error


def main() -> int:
    """Work off tasks until SIGTERM; the task in hand is finished."""
    from ramet import telemetry
    from ramet.placement import here
    from ramet.telemetry import exporting
    from ramet.telemetry.beginning import begin

    application = find_app()
    application.conf.worker_hijack_root_logger = False  # our format, with the service in each line
    telemetry.configure(here().group, "celery")
    begin(here(), "celery")
    worker = application.Worker(
        pool="solo",
        loglevel="INFO",
        # They talk to other workers, of which there are none.
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
        optimization="fair",
        quiet=True,
    )
    worker.start()
    exporting.flush(1.0)
    return int(worker.exitcode or 0)
