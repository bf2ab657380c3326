"""The Django app: loads the contracts and implementations of the services that live here."""

from importlib import import_module
from importlib.util import find_spec

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.core.signals import request_finished, request_started

__all__ = ["CallsConfig"]


class CallsConfig(AppConfig):
    """Imports `<app>.contract` and `<app>.services` of the apps placed in this process."""

    name = "ramet.calls"
    label = "ramet_calls"
    verbose_name = "Ramet: calls"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Runs after every model is loaded, so that services may import models."""
        from ramet.calls import health
        from ramet.calls.caller import begin_request, end_request
        from ramet.calls.checks import check_implementations
        from ramet.calls.manifest import declared
        from ramet.calls.options import options
        from ramet.placement import Here, here, manifest
        from ramet.telemetry import logs
        from ramet.telemetry.health import add

        options()  # a wrong one is told at the start
        # Settings without `ramet.place` use some other part of Ramet: nothing is placed then.
        if not isinstance(getattr(settings, "RAMET", None), Here):
            return
        add("calls", health.checks)
        request_started.connect(begin_request, dispatch_uid="ramet.calls.started")
        request_finished.connect(end_request, dispatch_uid="ramet.calls.finished")
        for app in here().own_apps():
            for module in (f"{app}.contract", f"{app}.services"):
                if find_spec(module) is not None:
                    import_module(module)
        logs.tell_user(_user)
        checks.register(check_implementations, "ramet")
        manifest.contribute("contracts", declared)


def _user() -> str | None:
    """The id of the user for whom this thread works."""
    from ramet.identity import current_user

    user = current_user()
    return str(user.pk) if user.is_authenticated else None
